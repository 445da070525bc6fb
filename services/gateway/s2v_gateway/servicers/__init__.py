"""The public gRPC services, one module each."""

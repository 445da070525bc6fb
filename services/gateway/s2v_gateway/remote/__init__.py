"""The other services, called over gRPC."""

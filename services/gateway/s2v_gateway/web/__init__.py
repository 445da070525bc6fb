"""The gateway over HTTP: a client of its own gRPC server, so that both say the same."""

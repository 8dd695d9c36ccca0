"""The gRPC API: the service, its health, and how it answers malformed requests."""

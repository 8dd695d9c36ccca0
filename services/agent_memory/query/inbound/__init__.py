"""The write path: where events come in, from hooks and over gRPC, on their way to the writer."""

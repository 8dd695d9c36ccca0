"""The write path: every event, from a hook or over gRPC, passes through here on its way to the writer."""

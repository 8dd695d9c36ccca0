"""Command calls: the query service answers command lines, without gRPC on either side."""

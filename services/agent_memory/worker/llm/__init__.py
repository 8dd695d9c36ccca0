"""Summaries by a language model, for users who choose one. Nothing else here opens a connection."""

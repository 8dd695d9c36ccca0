"""Keeping the search index: the second consumer of the outbox, behind the table of contents."""

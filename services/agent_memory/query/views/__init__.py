"""The read path: each view answers one kind of request from the store."""

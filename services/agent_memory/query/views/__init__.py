"""The read path: each view answers one kind of question from the store."""

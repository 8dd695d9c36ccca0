"""Search: a question, what the index finds for it, and the turns that answer it."""

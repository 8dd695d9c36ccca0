"""Search: the index's format and reader, questions, and ranking. The worker writes the index."""

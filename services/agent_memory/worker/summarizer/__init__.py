"""Who says what a segment was about: the built-in summarizer, and the records any other one fills in."""

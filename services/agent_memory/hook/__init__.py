"""The hook client: takes what a coding agent says on standard input and hands it to the daemon."""

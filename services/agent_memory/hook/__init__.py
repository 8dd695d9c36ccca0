"""The hook client: passes a coding agent's standard input on to the daemon."""

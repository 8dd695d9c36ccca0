"""What a git repository says of itself, read from its files: no git is started, and nothing is asked of a network."""

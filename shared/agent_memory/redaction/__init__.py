"""Taking secrets out of text before it is kept or sent: keys, tokens and passwords, by their shapes and their names."""

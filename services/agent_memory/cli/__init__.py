"""The command lines of `memory-daemon`: one file per group of commands, and what they share."""

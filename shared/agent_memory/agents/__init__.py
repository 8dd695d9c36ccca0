"""The coding agents: one folder each, with all that is particular to it."""

"""Exports: all events of a store as lines that any program can read, and back."""

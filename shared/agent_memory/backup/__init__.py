"""Backups of a store: what is in one, making one, checking it, and putting it back."""

"""Looks at a whole store: verification, statistics, the scope of a rebuild."""

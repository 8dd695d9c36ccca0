"""The scheduler: which jobs are due, what they do, and how their runs went."""

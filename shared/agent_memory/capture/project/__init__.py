"""Projects: which repository or folder a session belongs to."""

"""Views: the daemon's answers as rows, without a terminal in sight."""

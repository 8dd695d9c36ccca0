"""What coding agents tell their hooks, and how it becomes events: said once, for whoever takes it in."""

"""The installer: puts our hooks into agents' settings, and takes them out again, and touches nothing else there."""

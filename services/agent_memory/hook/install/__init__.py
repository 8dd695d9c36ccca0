"""The installer: adds our hooks to agents' settings, removes them again, and touches nothing else there."""

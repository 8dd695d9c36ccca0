"""The installer of the tools: adds our server to agents' settings, takes it out again, and touches nothing else."""

"""The installer of the tools: tells agents of our server, takes it out again, and touches nothing else."""

"""Text for people and for agents, made once for every face."""

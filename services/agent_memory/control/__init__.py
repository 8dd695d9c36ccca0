"""Control of the daemon: what every face needs to start it, stop it and look at it."""

"""What every process of the stack does alike: it says that it is ready, logs, and ends with its supervisor."""

"""The query service: forwards writes to the writer, serves reads from a secondary. Keeps no state of its own."""

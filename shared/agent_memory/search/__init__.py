"""Search: what its index holds, and how it is read and ranked. The worker writes the index, the query service reads it."""

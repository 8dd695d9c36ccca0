"""A git repository, read from its files. git itself is started for one thing, its first commit; no network is used."""

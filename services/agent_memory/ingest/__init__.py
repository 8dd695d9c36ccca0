"""The single writer: owns the primary RocksDB, takes commands over ZeroMQ, commits them in groups."""

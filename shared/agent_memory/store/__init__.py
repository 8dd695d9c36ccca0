"""The store: six column families in one RocksDB, read by everybody and written by the writer alone."""

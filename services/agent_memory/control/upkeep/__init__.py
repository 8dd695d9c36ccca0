"""Upkeep of stores: backups, migrations, proofs of erasures, and project stores made, moved and removed."""

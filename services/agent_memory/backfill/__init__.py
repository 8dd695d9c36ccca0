"""Backfill: what agents keep of their sessions becomes the same events that their hooks would have sent."""

"""Metrics: all that the daemon counts, in Prometheus' text format."""

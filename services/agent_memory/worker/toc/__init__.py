"""The table of contents: segments, their nodes, the rollups above them, and the grips that prove them."""

"""Erasing on request: which events are meant, what of them may still wait outside of the store, and the proof."""

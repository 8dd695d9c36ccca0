"""The demo: sample sessions and how they are played through the hook."""

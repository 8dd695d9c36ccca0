"""The browser: what is remembered, on a whole terminal."""

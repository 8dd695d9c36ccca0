"""Erasing what somebody marked: the events, what was made of them, and the files that held them."""

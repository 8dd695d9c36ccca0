"""Coding agents, a folder each: all that is particular to one, as a record that everything else asks.

`registry` finds the folders; `agent` says what such a record holds. Adding an agent is adding its folder.
"""

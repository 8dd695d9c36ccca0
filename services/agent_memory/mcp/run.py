"""`memory-daemon mcp` without options of ours: `python -I -S run.py [--db-path PATH]`; see `server`."""

import sys

root = __file__.rsplit("/", 3)[0]
# Installed, both halves of the package are in one folder; in a checkout the other half is beside this one.
sys.path[:0] = [root, root[: -len("services")] + "shared"] if root.endswith("/services") else [root]

from agent_memory.mcp import server  # noqa: E402

server.main(sys.argv[1:])

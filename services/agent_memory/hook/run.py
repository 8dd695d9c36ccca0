"""The hook's program in its quickest form: `python -I -S run.py [--agent AGENT] [EVENT]`.

A few lines in a file of their own, because Python compiles the file it is told to run every time, and only what that
imports once.
"""

import sys

root = __file__.rsplit("/", 3)[0]
# Installed, both halves of the package lie in one folder; in a checkout the other half is beside this one.
sys.path[:0] = [root, root[: -len("services")] + "shared"] if root.endswith("/services") else [root]

from agent_memory.hook import client  # noqa: E402

client.main(sys.argv[1:])

"""`memory-daemon` in its quickest form: `python -I -S run.py WORDS...`; see `quick`.

A few lines in a file of their own: Python compiles the file it runs every time, but its imports only once.
"""

import sys

root = __file__.rsplit("/", 3)[0]
# Installed, both halves of the package are in one folder; in a checkout the other half is beside this one.
sys.path[:0] = [root, root[: -len("services")] + "shared"] if root.endswith("/services") else [root]

from agent_memory.cli import quick  # noqa: E402

quick.main(sys.argv[1:])

"""The hook's program in its quickest form: `python -I -S run.py [--agent AGENT] [EVENT]`.

Three lines in a file of their own, because Python compiles the file it is told to run every time, and only what that
imports once.
"""

import sys

sys.path.insert(0, __file__.rsplit("/", 3)[0])

from agent_memory.capture import handover

handover.main(sys.argv[1:])

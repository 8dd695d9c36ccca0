"""What coding agents tell their hooks, and how it becomes events: said once, for whoever takes it in.

The names that the hook and the daemon must both know stand here, where reading them costs the hook nothing more.
"""

# Beside the store, so that who finds the one finds the other: the folder of the letters that wait for its daemon,
SPOOL_SUFFIX = b"-spool"
# a folder with an empty file for each session that is not to be remembered, named after it,
UNHEARD_SUFFIX = b"-unheard"
# when the user wanted nothing captured, and what is to be ignored.
PAUSES_SUFFIX = b"-pauses"
IGNORE_SUFFIX = b"-ignore"
# What is to be ignored in a folder of the user's.
IGNORE_FILE = b".memoryignore"

# In each of them stands the end of an opening mark, as it is or as JSON and HTML escape it.
PRIVATE_MARKS = (b"rivate>", b"rivate&", b"rivate\\", b"RIVATE>", b"RIVATE&", b"RIVATE\\")

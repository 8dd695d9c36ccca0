"""Command calls: command lines that the query service answers, framed for the socket that hooks use too.

Here is what the caller and the service share; importing it costs the caller nothing more.

A call is a line with the version and the length of what follows; then, with NULs between them: the caller's version of
agent-memory and its folder, empty where the answer may depend on neither; `1` if it writes to a terminal; how many
variables of its environment follow; these, as `NAME=value`; the words of the command line.

The answer is a line `done EXIT_CODE LENGTH ERROR_LENGTH`, the text to print, and what to print to standard error; or
the line `full`: the full command has to run.
"""

COMMAND_CALL = b"agent-memory-command-1"
FULL = b"full\n"
# Longer than any command line that Linux runs.
CALL_MAX_BYTES = 4 << 20
ANSWER_HEADER_MAX_BYTES = 80

# Where a program finds the user's files, and how it tells time: an answer is for callers that have the daemon's own.
PLACES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "TZ")
# What text looks like on a terminal.
LOOKS = (
    *("COLORTERM", "COLUMNS", "FORCE_COLOR", "JUPYTER_COLUMNS", "JUPYTER_LINES", "LINES", "NO_COLOR", "TERM"),
    *("TTY_COMPATIBLE", "TTY_INTERACTIVE"),
)
# Set to `agent`, the text is for a model: fenced, bounded, without commands to type. Such a caller says no place.
READER = "AGENT_MEMORY_READER"
# Which agent that is: where each has a store of its own, the answer comes from there.
AGENT = "AGENT_MEMORY_AGENT"
# The settings; of all others, nothing is passed on.
SETTINGS_PREFIX = "MEMORY_"

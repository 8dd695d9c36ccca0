"""Taking secrets out of text before it is kept or sent: keys, tokens and passwords, by their shapes and their names."""

import re
from typing import Final

# What stands where a secret was taken out: its kind, and a tag that is the same for the same secret. Here, so that who
# only looks for it need not load what looks for secrets.
MARKER: Final = re.compile(r"\[redacted:([a-z0-9-]{1,40})(?::[0-9a-z]{4})?\]")
# To be raised whenever the rules find more, or less. A store notes since when which version has looked at its events.
VERSION: Final = 6

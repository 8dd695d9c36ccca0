"""Who says what a segment was about: the built-in summarizer, and the records any other one fills in."""

from typing import Final

# The version of the rules by which segments and periods are summarized, rollups included. To be raised whenever the
# same events are told otherwise: a store notes by which version it was told, and is told again by a newer one.
RULES: Final = 5

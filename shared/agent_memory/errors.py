"""What can go wrong, in words for people: each error says what happened, what it means and what to do next."""

from __future__ import annotations


class AgentMemoryError(Exception):
    """The root of every error that a user may see. `exit_code` is what a command ends with."""

    exit_code = 1


class UsageError(AgentMemoryError):
    """What was asked for makes no sense as it was asked."""

    exit_code = 2


class InvalidEvent(AgentMemoryError):
    """An event can't be stored as it is; the message names the field."""


class SettingsError(AgentMemoryError):
    """A setting is unknown, unreadable or out of range; the message names it and where it came from."""

    exit_code = 2


class NotRunning(AgentMemoryError):
    """There is no daemon to do this."""

    exit_code = 3


class AlreadyRunning(AgentMemoryError):
    """Another daemon already serves this store, or sits where this one wants to."""


class StoreError(AgentMemoryError):
    """The store can't be opened or read: missing, damaged, locked, or written by a newer version."""

    exit_code = 4


class StoreMissing(StoreError):
    """There is no store at this path, yet."""


class WriterUnavailable(AgentMemoryError):
    """The writer did not answer in time or can't write now; the same command may be sent again."""

    exit_code = 5


class WriterBusy(WriterUnavailable):
    """Too much is waiting for the writer; the same command may be sent again, a little later."""


class StaleCommit(AgentMemoryError):
    """Another commit came first; read again and compute again."""


class CommandRefused(AgentMemoryError):
    """The writer understood the command and will not do it; the message says why."""

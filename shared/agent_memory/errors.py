"""What can go wrong: each error says what happened and what to do about it, to people and to programs."""

from __future__ import annotations

from typing import Final


class AgentMemoryError(Exception):
    """The root of every error that a user may see.

    `message` says what happened, `remedy` what to do about it; neither holds a command to type, which is for the face
    that shows them to add. `reason` names the error for programs. `exit_code` is what a command exits with.
    """

    exit_code = 1
    reason = "FAILED"

    def __init__(self, message: str = "", remedy: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if reason:
            self.reason = reason

    def __str__(self) -> str:
        return joined(self.message, self.remedy)


class UsageError(AgentMemoryError):
    """The request makes no sense as it was made."""

    exit_code = 2
    reason = "INVALID_REQUEST"


class UnknownNode(AgentMemoryError):
    """There is no node of that id."""

    reason = "UNKNOWN_NODE"


class UnknownStore(UsageError):
    """The request names a store that this daemon does not serve."""

    reason = "UNKNOWN_STORE"


class InvalidEvent(AgentMemoryError):
    """An event can't be stored as it is; the message names the field."""

    reason = "INVALID_EVENT"


class SettingsError(AgentMemoryError):
    """A setting is unknown, unreadable or out of range; the message names it and where it came from."""

    exit_code = 2
    reason = "INVALID_SETTING"


class NotRunning(AgentMemoryError):
    """There is no daemon to do this."""

    exit_code = 3
    reason = "NOT_RUNNING"


class AlreadyRunning(AgentMemoryError):
    """Another daemon already serves this store, or sits where this one wants to."""

    reason = "ALREADY_RUNNING"


class StoreError(AgentMemoryError):
    """The store can't be opened or read: missing, damaged, locked, or written by a newer version."""

    exit_code = 4
    reason = "STORE_UNUSABLE"


class StoreNotReady(StoreError):
    """The store can't be opened now: it is in use, or its disk is full or out of reach. It may be a moment later."""

    reason = "STORE_NOT_READY"


class StoreMissing(StoreError):
    """There is no store at this path, yet."""

    reason = "STORE_MISSING"


class WriterUnavailable(AgentMemoryError):
    """The writer did not answer in time or can't write now; the same command may be sent again."""

    exit_code = 5
    reason = "WRITER_UNAVAILABLE"


class StoreUnavailable(WriterUnavailable):
    """The writer runs and can't open the store; the message says why."""

    reason = "STORE_UNAVAILABLE"


class WriterSilent(WriterUnavailable):
    """The writer did not answer in time; whether it did what was asked is not known."""

    reason = "WRITER_SILENT"


class WriterBusy(WriterUnavailable):
    """Too much is waiting for the writer; the same command may be sent again, a little later."""

    reason = "WRITER_BUSY"


class CallerRefused(AgentMemoryError):
    """The daemon is another user's."""

    reason = "CALLER_REFUSED"


class RepliesUnread(AgentMemoryError):
    """Too many large replies were asked for and not read; the same question may be asked again, a little later."""

    reason = "REPLIES_UNREAD"


class StaleCommit(AgentMemoryError):
    """Another commit came first; read again and compute again."""

    reason = "STALE_COMMIT"


class CommandRefused(AgentMemoryError):
    """The writer understood the command and will not do it; the message says why."""

    reason = "COMMAND_REFUSED"


# The classes that an error can have again after it went over the wire, by their reasons.
BY_REASON: Final = {
    kind.reason: kind
    for kind in (
        UsageError, UnknownStore, UnknownNode, InvalidEvent, SettingsError, NotRunning, AlreadyRunning, StoreError,
        StoreMissing, StoreNotReady, WriterUnavailable, StoreUnavailable, WriterBusy, WriterSilent, CallerRefused,
        RepliesUnread, StaleCommit, CommandRefused,
    )
}  # fmt: skip


def joined(message: str, remedy: str) -> str:
    """Both as sentences of one text."""
    if not (message and remedy):
        return message or remedy
    return f"{message} {remedy}" if message.endswith((".", "!", "?")) else f"{message}. {remedy}"

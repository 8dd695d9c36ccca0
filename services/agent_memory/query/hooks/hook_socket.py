"""The hook socket: hooks and commands that call it wait in its queue until the hook server accepts them."""

from __future__ import annotations

import socket
from typing import Final

from agent_memory.capture.spool import Spool
from agent_memory.errors import AgentMemoryError
from agent_memory.query.own_sockets import own_socket
from agent_memory.settings import Settings

# A caller beyond this is sent to the spool, which has room.
CALLERS_MAX: Final = 64


class HookSocket:
    """The socket in the runtime folder, and the spool whose link leads to it."""

    def __init__(self, settings: Settings) -> None:
        """Begin to listen; raises AgentMemoryError if the socket or the spool can't be made."""
        path = settings.runtime.hook_socket
        self.spool = Spool(settings.db_path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            own = own_socket(path)
            # Nobody else has this slot, so a socket that is still there was left by one that was killed.
            own.unlink(missing_ok=True)
            self.listener.bind(str(own))
            self.listener.listen(CALLERS_MAX)
            self.spool.link_socket(path)
        except OSError as error:
            raise AgentMemoryError(
                f"Hooks can't be served at {path} with a spool in {self.spool.folder}: {error}."
            ) from error

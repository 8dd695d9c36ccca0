"""Statuses of daemons, for tests of what is made of them."""

from __future__ import annotations

from agent_memory.capture.spool import SpoolState
from agent_memory.control.stack import ProcessStatus, Status

NOW_S = 1_795_379_600.0
STOPPED = Status(
    running=False,
    pid=None,
    pid_file="",
    uptime_s=0,
    version=None,
    address="",
    socket="",
    db_path="/home/dev/db",
    health=None,
    store_error=None,
    logs="",
    processes=[],
    spool=SpoolState(path="", waiting=2, oldest_ms=int(NOW_S * 1000) - 90_000, rejected=3, full=False),
    capture_paused_until_ms=None,
)
RUNNING = Status(
    **{
        **{name: getattr(STOPPED, name) for name in Status.__dataclass_fields__},
        "running": True,
        "health": "SERVING",
        "uptime_s": 60,
        "processes": [
            ProcessStatus("ingest", "running", 7, 60, 1, ""),
            ProcessStatus("worker", "fatal", None, 0, None, ""),
        ],
    }
)

"""supervisord as we run it."""

from __future__ import annotations

from pathlib import Path

import pytest
from supervisor import loggers, options

from agent_memory.control.supervisord import Supervisor

CONFIG = """
[supervisord]
nodaemon=true
logfile={folder}/log
pidfile={folder}/pid
childlogdir={folder}

[program:short]
command=true
stdout_logfile=NONE
stderr_logfile=NONE
"""


class Waited(Exception):
    """It waited for something to happen."""


def test_processes_are_started_before_anything_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself supervisord waits a second first, and so does everybody who starts the daemon."""
    config = tmp_path / "supervisord.conf"
    config.write_text(CONFIG.format(folder=tmp_path))
    given = options.ServerOptions()
    given.realize(["-c", str(config)], doc="")

    def wait(timeout_s: float) -> None:
        raise Waited

    monkeypatch.setattr(given.poller, "poll", wait)
    started = Supervisor(given)
    for group in given.process_group_configs:
        started.process_groups[group.name] = group.make_group()
    given.logger = loggers.getLogger()
    with pytest.raises(Waited):
        started.runforever()
    (process,) = (process for group in started.process_groups.values() for process in group.processes.values())

    assert process.pid
    given.waitpid()

"""The daemon as a service: what is written, run and told, to a real socket and a recording systemctl."""

from __future__ import annotations

import json
import os
import plistlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agent_memory.cli.main import cli
from agent_memory.control import service as services
from agent_memory.control.service_notice import ServiceNotice


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and a systemctl that notes how it was called; the unit runs once it was restarted."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    systemctl = bin_folder / "systemctl"
    systemctl.write_text(
        '#!/bin/sh\necho "$@" >>"$HOME/asked"\ncase $2 in\n'
        'restart) touch "$HOME/active" ;;\ndisable) rm -f "$HOME/active" ;;\n'
        'is-active) test -e "$HOME/active" ;;\nesac\n'
    )
    systemctl.chmod(0o700)
    for name in [name for name in os.environ if name.startswith(("MEMORY_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def unit_of(home: Path) -> Path:
    return home / ".config" / "systemd" / "user" / "agent-memory.service"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["service", *words])


def asked(home: Path) -> list[str]:
    path = home / "asked"
    return [line.removeprefix("--user ") for line in path.read_text().splitlines()] if path.exists() else []


def test_what_is_installed_runs_and_is_gone_again(home: Path) -> None:
    """Installing twice is installing once; uninstalling leaves nothing."""
    assert run("status").exit_code == 3

    assert run("install").exit_code == 0
    first = unit_of(home).read_text()
    assert asked(home)[-3:] == ["daemon-reload", "enable agent-memory.service", "restart agent-memory.service"]
    assert unit_of(home).stat().st_mode & 0o777 == 0o600

    before = len(asked(home))
    assert "installed and runs" in run("install").output
    assert unit_of(home).read_text() == first
    assert not any(line.startswith("restart") for line in asked(home)[before:]), "what runs is left alone"
    assert json.loads(run("status", "--json").output) == {
        "path": str(unit_of(home)), "installed": True, "up_to_date": True, "active": True,
    }  # fmt: skip

    assert run("uninstall").exit_code == 0
    assert asked(home)[-2:] == ["disable --now agent-memory.service", "daemon-reload"]
    assert list(unit_of(home).parent.iterdir()) == []
    assert run("uninstall").output == "No service is installed\n"


def test_a_unit_of_ones_own_comes_back(home: Path) -> None:
    unit_of(home).parent.mkdir(parents=True)
    unit_of(home).write_text("[Service]\nExecStart=/mine\n")

    run("install")
    run("install")
    assert "/mine" not in unit_of(home).read_text()
    run("uninstall")

    assert unit_of(home).read_text() == "[Service]\nExecStart=/mine\n"
    assert len(list(unit_of(home).parent.iterdir())) == 1
    assert run("uninstall").output == "No service is installed\n", "it is not ours"


def test_a_dry_run_prints_all_and_does_nothing(home: Path) -> None:
    done = run("install", "--dry-run", "--db-path", str(home / "other"))

    assert f'"--db-path" "{home}/other" "start" "--foreground"' in done.output
    assert "Would run: systemctl --user restart agent-memory.service" in done.output
    assert run("uninstall", "--dry-run").exit_code == 0
    assert (asked(home), unit_of(home).exists()) == ([], False)


def test_a_manager_that_can_not_be_reached_is_told(home: Path) -> None:
    """In its own words, and before anything is stopped."""
    (home / "bin" / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")

    done = run("install")

    assert done.exit_code == 1
    assert "systemctl --user daemon-reload failed: Failed to connect to bus" in done.output
    assert not unit_of(home).exists()
    assert run("status").exit_code == 3


def test_what_is_installed_is_removed_without_its_manager(home: Path) -> None:
    """In a container or by su nobody answers; the file would start the daemon at the next login."""
    run("install")
    (home / "bin" / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")

    assert run("install", "--db-path", str(home / "other")).exit_code == 1
    assert unit_of(home).exists(), "what was there stays"
    assert run("uninstall").exit_code == 0
    assert not unit_of(home).exists()


def test_what_only_the_shell_knows_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMORY_GRPC_PORT", "50999")

    assert "the service does not see MEMORY_GRPC_PORT" in run("install", "--dry-run").output


@pytest.mark.parametrize("path", ["/plain", '/a "quoted" \\ path', "/100% $HOME"])
def test_the_unit_is_one(home: Path, path: str) -> None:
    """systemd itself reads it, whatever stands in a path."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    unit = home / "agent-memory.service"
    unit.write_bytes(services.service(["--db-path", path]).text)
    # Other units that it looks at have sockets there, and their paths are limited.
    with tempfile.TemporaryDirectory(prefix="am-") as runtime:
        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        verified = subprocess.run(
            ["systemd-analyze", "--user", "verify", str(unit)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert (verified.returncode, verified.stderr) == (0, "")


def test_launchd_gets_the_same_program(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    wanted = services.service(["--db-path", "/a b"])

    arguments = plistlib.loads(wanted.text)["ProgramArguments"]
    assert shlex.join(arguments[1:]) == "-P -m agent_memory.cli.main --db-path '/a b' start --foreground"
    assert services.MARK.encode() in wanted.text


class Manager:
    """A service manager's socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        said = []
        try:
            while True:
                said.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return said


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest) -> Iterator[tuple[Manager, str]]:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        name = f"{folder}/notify" if request.param == "file" else f"@{folder}"
        found = Manager(name.replace("@", "\0"))
        with found.socket:
            yield found, name


def test_the_manager_hears_readiness_life_and_the_end(manager: tuple[Manager, str]) -> None:
    """Twice within the watchdog's limit while all is well, and no more often; children inherit none of it."""
    heard, name = manager
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/"}
    notice, now_s, is_well = ServiceNotice(environ), [100.0], True

    notice.ready("serves /db\nat :1")
    assert heard.heard() == ["READY=1\nSTATUS=serves /db at :1"]
    for now_s[0] in (100.0, 101.0, 104.9, 105.0):
        notice.alive(lambda: is_well, lambda: now_s[0])
    assert heard.heard() == ["WATCHDOG=1", "WATCHDOG=1"]
    is_well, now_s[0] = False, 120.0
    notice.alive(lambda: is_well, lambda: now_s[0])
    notice.stopping()
    assert heard.heard() == ["STOPPING=1"]
    assert environ == {"HOME": "/"}


def test_a_watchdog_of_another_process_is_not_ours(manager: tuple[Manager, str]) -> None:
    heard, name = manager
    notice = ServiceNotice({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"})

    notice.alive(lambda: True)

    assert heard.heard() == []


def test_without_a_manager_nobody_is_told() -> None:
    notice = ServiceNotice({})

    notice.ready("serves")
    notice.alive(lambda: True)
    notice.stopping()

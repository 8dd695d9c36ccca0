"""The stack's life: started, stopped, killed and started again, by the real supervisord with the real processes."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agent_memory import locks
from agent_memory.control import store_lock
from agent_memory.files import make_private_dir
from agent_memory.process.lifetime import CRASHES_MAX
from support.stack import Stack, free_port, is_alive, wait_until


def test_start_returns_when_the_daemon_serves(stack: Stack) -> None:
    """After `start`, health is SERVING, all three run, and the folders are this user's alone."""
    done = stack.run("start")

    found = stack.status()
    assert done.stdout.startswith(f"Memory daemon is running (PID {found['pid']})\n")
    assert str(stack.db_path) in done.stdout
    assert found["health"] == "SERVING"
    assert found["address"] == f"127.0.0.1:{stack.port}"
    assert {process["name"]: process["state"] for process in found["processes"]} == {
        "ingest": "running",
        "query": "running",
        "worker": "running",
    }
    assert Path(found["pid_file"]).read_text().strip() == str(found["pid"])
    for folder in (stack.db_path, Path(found["logs"]), Path(found["pid_file"]).parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for process in ("ingest", "query", "worker", "supervisor"):
        assert stat.S_IMODE((Path(found["logs"]) / f"{process}.log").stat().st_mode) == 0o600


def test_status_tells_scripts_and_people_the_same(stack: Stack) -> None:
    """The two lines that scripts match, and exit code 3 only when nothing runs."""
    before = stack.run("status", check=False)
    assert before.returncode == 3
    assert before.stdout.startswith("Memory daemon is NOT running (no PID file)\nPID file: ")

    stack.start()

    running = stack.run("status")
    pid_file = stack.status()["pid_file"]
    assert running.stdout.startswith(
        f"Memory daemon is running (PID {stack.pid('supervisor')})\nPID file: {pid_file}\n"
    )


def test_stop_waits_until_all_are_gone(stack: Stack) -> None:
    """After `stop` no process, no PID file and no port is left; a second stop has nothing to do and is no failure."""
    stack.start()
    found = stack.status()

    done = stack.run("stop")

    assert done.stdout == f"Memory daemon stopped (PID {found['pid']})\n"
    assert not any(is_alive(process["pid"]) for process in found["processes"])
    assert not is_alive(found["pid"])
    assert not Path(found["pid_file"]).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", stack.port))
    assert stack.run("stop").stdout == "Memory daemon is NOT running (no PID file)\n"


def test_a_second_start_says_who_runs_and_harms_nothing(stack: Stack) -> None:
    """One stack a store: the second `start` fails, names the PID, and the first serves on."""
    stack.start()
    before = stack.status()

    second = stack.run("start", "--port", free_port(), check=False)

    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: Memory daemon is running (PID {before['pid']}) already")
    after = stack.status()
    assert [process["pid"] for process in after["processes"]] == [process["pid"] for process in before["processes"]]
    assert after["health"] == "SERVING"
    assert after["address"] == before["address"]


def test_of_several_starts_at_once_exactly_one_wins(stack: Stack) -> None:
    """The lock is taken before anything is touched, so two can never start at once."""
    starts = [stack.spawn("start") for _ in range(4)]

    codes = sorted(start.wait(timeout=60) for start in starts)

    for start in starts:
        start.communicate()
    assert codes == [0, 1, 1, 1]
    assert stack.status()["health"] == "SERVING"


@pytest.mark.parametrize("process", ["ingest", "query", "worker"])
def test_a_killed_process_comes_back(stack: Stack, process: str) -> None:
    """kill -9 of any of the three: it runs again under another PID, and the stack serves."""
    stack.start()

    killed = stack.kill(process)

    wait_until(lambda: stack.pid(process) not in (0, killed))
    wait_until(lambda: stack.status()["health"] == "SERVING")


def test_a_process_that_keeps_dying_young_gives_itself_up(stack: Stack) -> None:
    """The supervisor would start it again for ever; its log says why it gave up, and a new start counts from zero."""
    stack.start()
    crash_times = Path(stack.status()["pid_file"]).with_name("worker.crash_times")
    began_s, _ = crash_times.read_text().split()
    crash_times.write_text(f"{began_s} {CRASHES_MAX - 1}\n")

    stack.kill("worker")

    wait_until(lambda: "Given up: worker ended within" in stack.run("logs", "worker").stdout)
    stack.run("restart")
    assert stack.status()["health"] == "SERVING"
    assert crash_times.read_text().endswith(" 0\n")


def test_a_writer_that_cannot_open_its_store_any_more_lives_and_says_so(stack: Stack) -> None:
    """No crash loop: all three run, and status says why and exits 1. With the damage mended, a restart serves."""
    stack.start()
    current = stack.db_path / "CURRENT"
    good = current.read_text()
    current.write_text("MANIFEST-999999\n")

    killed = stack.kill("ingest")

    wait_until(lambda: stack.status()["store_error"])
    wait_until(lambda: stack.status()["health"] == "NOT_SERVING")
    found = stack.run("status", check=False)
    assert found.returncode == 1
    assert "MANIFEST-999999" in found.stdout
    assert stack.pid("ingest") not in (0, killed)
    wait_until(lambda: {process["state"] for process in stack.status()["processes"]} == {"running"})
    assert "MANIFEST-999999" in stack.run("doctor", check=False).stdout
    current.write_text(good)
    stack.run("restart")
    assert stack.status()["health"] == "SERVING"
    assert stack.status()["store_error"] is None


@pytest.mark.drill
@pytest.mark.timeout(300)
def test_a_slow_crash_loop_is_given_up_as_loudly(stack: Stack) -> None:
    """A worker that dies whenever it has lived for some seconds ends as FATAL, too, and the others go on."""
    stack.start()

    def is_given_up() -> bool:
        (worker,) = (each for each in stack.status()["processes"] if each["name"] == "worker")
        if worker["pid"] and worker["uptime_s"] >= 2:
            os.kill(worker["pid"], signal.SIGKILL)
        return bool(worker["state"] == "fatal")

    wait_until(is_given_up, timeout_s=240)

    shown = stack.run("status", check=False)
    assert shown.returncode == 1
    assert "See: memory-daemon logs worker" in shown.stdout
    assert stack.status()["health"] == "SERVING"


def test_a_killed_supervisor_leaves_no_orphan_and_start_cleans_up(stack: Stack) -> None:
    """kill -9 of supervisord: status tells, the children go by themselves, and the next start serves."""
    stack.start()
    children = [process["pid"] for process in stack.status()["processes"]]

    stack.kill("supervisor")

    shown = stack.run("status", check=False)
    assert shown.returncode == 3
    assert shown.stdout.startswith("Memory daemon is NOT running (stale PID file")
    stack.start()
    assert stack.status()["health"] == "SERVING"
    wait_until(lambda: not any(is_alive(pid) for pid in children))


@pytest.mark.parametrize("pid_file_is_left", [True, False])
def test_a_process_whose_supervisor_died_during_its_birth_goes(stack: Stack, pid_file_is_left: bool) -> None:
    """Its parent has been another one from its first look on, so that only the PID file tells of the death."""
    pid_file = stack.folder / "daemon.pid"
    with subprocess.Popen(["true"]) as supervisor:
        pass
    if pid_file_is_left:
        pid_file.write_text(f"{supervisor.pid}\n")

    orphan = subprocess.run(
        [sys.executable, "-m", "agent_memory.ingest"],
        env={**stack.env, "MEMORY_PID_FILE": str(pid_file)},
        capture_output=True,
        timeout=30,
    )

    assert orphan.returncode == 0
    assert not store_lock.is_open(stack.db_path)


def test_stop_after_a_killed_supervisor_waits_for_the_orphans(stack: Stack) -> None:
    """`stop` ends with 0 once the store and the sockets are free, and clears the stale PID file away."""
    stack.start()
    stack.kill("supervisor")

    done = stack.run("stop")

    assert "it was killed" in done.stdout
    assert not store_lock.is_open(stack.db_path)
    assert stack.run("status", check=False).stdout.startswith("Memory daemon is NOT running (no PID file)")


def test_a_daemon_is_found_from_an_environment_with_other_folders(stack: Stack) -> None:
    """cron, su, ssh and tmux have another XDG_RUNTIME_DIR, or none: the link beside the store leads to the sockets.

    Whoever looks with pgrep or top finds it by its name. Only the worker has the key of a language model.
    """
    stack.env["ANTHROPIC_API_KEY"] = "the-key"
    stack.start()
    found = stack.status()
    pids = [found["pid"], *(process["pid"] for process in found["processes"])]
    if sys.platform == "linux":
        assert {Path(f"/proc/{pid}/comm").read_text() for pid in pids} == {"memory-daemon\n"}
        for name in ("ingest", "query"):
            assert b"the-key" not in Path(f"/proc/{stack.pid(name)}/environ").read_bytes()
    elsewhere = {"XDG_RUNTIME_DIR": str(stack.folder / "elsewhere")}

    shown = stack.run("status", env=elsewhere)
    assert f"(PID {stack.pid('supervisor')})" in shown.stdout
    assert "is running (PID" in stack.run("start", check=False, env=elsewhere).stderr
    assert stack.run("query", "root", "--json", env=elsewhere).returncode == 0

    assert "stopped" in stack.run("stop", env=elsewhere).stdout
    assert not store_lock.is_open(stack.db_path)


def test_a_daemon_whose_runtime_folder_was_removed_can_be_stopped(stack: Stack) -> None:
    """A log-out, or a cleaner of caches, takes the sockets and the PID file; the store's lock names its holder."""
    stack.start()
    pid = stack.pid("supervisor")

    shutil.rmtree(Path(stack.status()["pid_file"]).parent)

    shown = stack.run("status", check=False)
    assert shown.returncode == 1
    assert f"Memory daemon is running (PID {pid})" in shown.stdout
    assert "Its runtime folder was removed" in shown.stdout
    assert "(PID " in stack.run("restart").stdout
    assert stack.status()["health"] == "SERVING"
    assert not is_alive(pid)


def test_a_pid_file_with_the_number_of_another_program_does_not_deceive(stack: Stack) -> None:
    """Whether one runs is known by who answers and who holds the lock, not by a number in a file."""
    pid_file = Path(stack.status()["pid_file"])
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(f"{os.getpid()}\n")

    assert stack.run("status", check=False).returncode == 3
    stack.start()
    assert stack.pid("supervisor") != os.getpid()


def test_a_taken_port_is_named_and_nothing_is_started(stack: Stack) -> None:
    """The error names the port and the remedy; no PID file and no process is left."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", stack.port))
        other.listen()

        failed = stack.run("start", check=False)

    assert failed.returncode == 1
    assert f"Another program listens on 127.0.0.1:{stack.port} already" in failed.stderr
    assert "--port" in failed.stderr
    assert not stack.db_path.exists()
    assert stack.run("status", check=False).returncode == 3


def test_a_port_taken_by_another_daemon_of_ours_tells_its_store(stack: Stack) -> None:
    """The second store's start says which store has the port already."""
    stack.start()

    failed = stack.run("start", "--db-path", stack.folder / "other", check=False)

    assert failed.returncode == 1
    assert f"A memory daemon that serves {stack.db_path} listens on" in failed.stderr


def test_two_stores_have_two_stacks(stack: Stack) -> None:
    """Another --db-path is another daemon, with its own sockets, PID file and logs; each stops alone."""
    other = stack.folder / "other store 100%"
    stack.start()
    stack.run("start", "--db-path", other, "--port", free_port())
    try:
        assert stack.run("--db-path", other, "status").stdout != stack.run("status").stdout
        assert f"Path: {other}\n" in stack.run("admin", "stats", "--db-path", other).stdout
        assert f"Path: {stack.db_path}\n" in stack.run("admin", "stats").stdout
    finally:
        stack.run("stop", "--db-path", other)
    assert stack.status()["health"] == "SERVING"


def test_a_store_that_is_a_file_is_refused(stack: Stack) -> None:
    """The error names the file and the remedy, before anything is started."""
    wrong = stack.folder / "file"
    wrong.write_text("not a store")

    failed = stack.run("start", "--db-path", wrong, check=False)

    assert failed.returncode == 4
    assert f"{wrong} is a file" in failed.stderr
    assert wrong.read_text() == "not a store"


def test_a_process_that_cannot_start_is_named_with_its_last_words(stack: Stack) -> None:
    """`start` names the process, shows its log, exits 1 and leaves nothing running."""
    ingest_lock = Path(stack.status()["pid_file"]).with_name("ingest.lock")
    make_private_dir(ingest_lock.parent)
    held = locks.take(ingest_lock)
    assert held is not None

    failed = stack.run("start", check=False)

    os.close(held)
    assert failed.returncode == 1
    assert "The process ingest does not start. Its last log lines:" in failed.stderr
    assert "Another process writes" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert stack.run("status", check=False).returncode == 3


def test_a_store_that_cannot_be_opened_is_the_reason_given(stack: Stack) -> None:
    """A damaged store: `start` says what is wrong with it, exits 1 and leaves nothing running."""
    stack.db_path.mkdir(parents=True)
    (stack.db_path / "CURRENT").write_text("MANIFEST-000099\n")

    failed = stack.run("start", check=False)

    assert failed.returncode == 1
    assert failed.stderr.startswith(f"Error: The store at {stack.db_path} can't be opened: ")
    assert "MANIFEST-000099" in failed.stderr
    assert "restore it from a backup" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert stack.run("status", check=False).returncode == 3


def test_an_interrupted_start_leaves_nothing_running(stack: Stack) -> None:
    """Ctrl-C while `start` waits for the processes stops them again."""
    start = stack.spawn("start")
    pid_file = Path(stack.status()["pid_file"])
    wait_until(pid_file.exists)
    supervisor = int(wait_until(lambda: pid_file.exists() and pid_file.read_text()))

    start.send_signal(signal.SIGINT)
    start.communicate(timeout=60)

    assert start.returncode == 1
    assert not is_alive(supervisor)
    assert stack.run("status", check=False).returncode == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_a_signal_stops_all_in_order(stack: Stack, number: signal.Signals) -> None:
    """`start --foreground` shows the logs on standard error, tells a service manager, and ends with 0."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    stack.env["NOTIFY_SOCKET"] = f"{stack.env['XDG_RUNTIME_DIR']}/notify"
    manager.bind(stack.env["NOTIFY_SOCKET"])
    attached = stack.spawn("start", "--foreground")
    wait_until(lambda: stack.status()["health"] == "SERVING")
    assert attached.stdout is not None
    assert attached.stdout.readline().startswith("Memory daemon is running (PID ")
    found = stack.status()

    attached.send_signal(number)
    _, logged = attached.communicate(timeout=60)

    assert attached.returncode == 0
    with manager:
        assert manager.recv(4096).decode().startswith(f"READY=1\nSTATUS=serves {found['db_path']} at ")
        assert manager.recv(4096) == b"STOPPING=1"
    assert not any(is_alive(process["pid"]) for process in found["processes"])
    order = [logged.index(f"stopped: {process}") for process in ("worker", "query", "ingest")]
    assert order == sorted(order)
    assert (Path(found["logs"]) / "ingest.log").stat().st_size > 0


def test_in_the_foreground_a_stop_from_elsewhere_is_an_orderly_end(stack: Stack) -> None:
    """Another shell's `stop` ends the attached one with 0, a killed supervisor with 1."""
    for end, code in ((lambda: stack.run("stop"), 0), (lambda: stack.kill("supervisor"), 1)):
        attached = stack.spawn("start", "--foreground")
        wait_until(lambda: stack.status()["health"] == "SERVING")
        assert attached.stdout is not None
        attached.stdout.readline()

        end()
        attached.communicate(timeout=60)

        assert attached.returncode == code


def test_restart_keeps_what_start_was_given(stack: Stack) -> None:
    """A new PID, the same port that the command line had named."""
    port = free_port()
    stack.start("--port", port, "--log-level", "debug")
    before = stack.pid("supervisor")

    said = stack.run("restart").stdout

    found = stack.status()
    assert f"Memory daemon is running (PID {found['pid']})" in said
    assert found["pid"] != before
    assert found["address"] == f"127.0.0.1:{port}"


def test_a_restart_that_could_not_start_stops_nothing(stack: Stack) -> None:
    """A port that another program has, a setting that is wrong: said, and the daemon goes on serving."""
    stack.start()
    before = stack.pid("supervisor")

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = stack.run("restart", "--port", other.getsockname()[1], check=False)
    wrong = stack.run("restart", check=False, env={"MEMORY_TOOL_MAX_BYTES": "none"})
    misspelt = stack.run("config", "validate", env={"MEMORY_GRCP_PORT": "1"})

    assert (taken.returncode, wrong.returncode) == (1, 2)
    assert "listens on" in taken.stderr
    assert (stack.pid("supervisor"), stack.status()["health"]) == (before, "SERVING")
    _assert_a_broken_config_keeps_nobody_from_stopping_it(stack, before)
    assert (
        "Warning: MEMORY_GRCP_PORT is set, and nothing reads it; MEMORY_GRPC_PORT is probably meant" in misspelt.stderr
    )


def _assert_a_broken_config_keeps_nobody_from_stopping_it(stack: Stack, pid: int) -> None:
    """`status`, `doctor`, `logs` and `stop` need no more of the settings than the store, and the sockets go with it."""
    runtime = Path(stack.status()["pid_file"]).parent
    config = stack.folder / "config" / "agent-memory" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('log_levle = "x"\ngrpc_port = "a\n', encoding="utf-8")

    shown = stack.run("status")
    assert f"Memory daemon is running (PID {pid})" in shown.stdout
    assert f"Warning: The config file {config} can't be read" in shown.stderr
    assert stack.run("restart", check=False).returncode == 2
    assert "wrong  settings     not usable" in stack.run("doctor", check=False).stdout
    assert "serving" in stack.run("logs", "query").stdout

    assert stack.run("stop").stdout == f"Memory daemon stopped (PID {pid})\n"
    assert not [path for path in runtime.iterdir() if path.is_socket()]
    config.unlink()


def test_logs_show_the_last_lines_of_a_process(stack: Stack) -> None:
    """`logs PROCESS` prints that log, `logs` all four with their names."""
    stack.start()

    assert "writing store=" in stack.run("logs", "ingest", "-n", 100).stdout
    assert "\x1b" not in stack.run("logs").stdout
    assert {line.split()[0] for line in stack.run("logs", "-n", 1).stdout.splitlines()} >= {"ingest", "supervisor"}


def test_status_is_quick(stack: Stack) -> None:
    """The whole process takes less than 0.3 s of the processor, however busy that is; the best of three counts."""
    stack.start()

    assert min(_processor_s(stack, "status") for _ in range(3)) < 0.3
    assert min(_processor_s(stack, "--help") for _ in range(3)) < 0.3


def _processor_s(stack: Stack, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    stack.run(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_followed_logs_end_with_their_reader(stack: Stack) -> None:
    """`logs -f | head -1` ends when head does, not only when another line is written."""
    stack.start()
    wait_until(lambda: stack.run("logs", "supervisor").stdout)

    with stack.spawn("logs", "supervisor", "-f") as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline()
        follower.stdout.close()
        follower.wait(timeout=10)
        assert follower.stderr is not None
        assert follower.stderr.read() == ""


def test_followed_logs_go_on_while_somebody_reads(stack: Stack) -> None:
    """A quiet log is no end."""
    stack.start()
    with stack.spawn("logs", "supervisor", "-f", "-n", "0") as follower:
        with pytest.raises(subprocess.TimeoutExpired):
            follower.wait(timeout=3)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(timeout=10) == 0

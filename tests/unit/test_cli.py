"""The command line without a daemon: where options may stand, what errors say, what help promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from agent_memory.cli import render
from agent_memory.cli.main import COMMANDS, cli
from agent_memory.control import log_files, stack
from agent_memory.present.lines import line


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it."""
    # Not tmp_path: it is named after the test, and where a path is too long for a socket, folders move to /tmp.
    home = tmp_path_factory.mktemp("h")
    for variable in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(home))
    for variable in ("MEMORY_DB_PATH", "MEMORY_GRPC_PORT", "MEMORY_LOG_LEVEL", "MEMORY_CONFIG", "MEMORY_DAEMON_ADDR"):
        monkeypatch.delenv(variable, raising=False)
    return home


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)], prog_name="memory-daemon")


def every_command(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands below this one, each with the words that name it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, (*path, name))


@pytest.mark.parametrize(("path", "command"), list(every_command(cli)))
def test_every_command_explains_itself(path: tuple[str, ...], command: click.Command) -> None:
    """-h and --help work everywhere, say one sentence that fits into its group's list, and give an example."""
    for flag in ("-h", "--help"):
        result = run(*path, flag)
        assert result.exit_code == 0
        assert result.output.startswith("Usage: memory-daemon")
    assert "Example: " in (command.help or "")
    # Of a list of commands, each has its line to itself.
    assert not [line for line in result.output.splitlines()[1:] if line.endswith("...")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--db-path", "{}", "--log-level", "debug", "config", "show", "--json"),
        ("config", "--db-path", "{}", "--log-level", "debug", "show", "--json"),
        ("config", "show", "--json", "--db-path", "{}", "--log-level", "DEBUG"),
        ("--db-path", "/elsewhere", "--log-level", "debug", "config", "show", "--json", "--db-path", "{}"),
    ],
)
def test_options_stand_before_or_after_the_command(home: Path, arguments: tuple[str, ...]) -> None:
    """--db-path and --log-level mean the same wherever they stand; the innermost has the last word."""
    shown = json.loads(run(*(word.format(home / "db") for word in arguments)).output)

    assert shown["db_path"] == {"value": str(home / "db"), "source": "command line"}
    assert shown["log_level"] == {"value": "debug", "source": "command line"}


def test_a_store_is_named_before_or_after_the_command() -> None:
    """There is one, the default; another name is a usage error, for a command that needs no daemon, too."""
    assert run("--store", "default", "config", "show").output == run("config", "show").output

    for arguments in (("--store", "work", "query", "root"), ("config", "show", "--store", "work")):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "There is no store 'work'; there is default." in result.stderr


def test_config_show_names_each_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in, config file, environment: the later wins, and is named."""
    config = home / "config.toml"
    config.write_text("grpc_port = 50052\nlog_level = 'warn'\n", encoding="utf-8")
    monkeypatch.setenv("MEMORY_LOG_LEVEL", "error")

    lines = run("--config", config, "config", "show").output.splitlines()

    shown = {line.split(" = ")[0].strip(): line.split(" = ")[1] for line in lines}
    assert shown["grpc_port"] == f"50052  ({config})"
    assert shown["log_level"] == '"error"  (MEMORY_LOG_LEVEL)'
    assert shown["grpc_host"] == '"127.0.0.1"  (built-in)'


def test_config_validate_ends_with_2_and_the_reason(home: Path) -> None:
    """An unknown key is named together with the file it stands in."""
    config = home / "config.toml"
    config.write_text("grpc_prot = 1\n", encoding="utf-8")

    result = run("config", "validate", "--config", config)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {config}: unknown setting grpc_prot")
    assert run("config", "validate").exit_code == 0


def test_a_token_that_no_daemon_would_take_is_told_before_it_is_started(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `config validate` and by the doctor, in the words in which `start` refuses it."""
    monkeypatch.setenv("MEMORY_GRPC_TOKEN_FILE", str(home / "token"))
    said = f"grpc_token_file {home / 'token'} can't be read: No such file or directory"

    validated = run("config", "validate")

    assert (validated.exit_code, validated.stderr) == (2, f"Error: {said}\n")
    assert f"a restart would fail. {said}" in " ".join(run("doctor").output.split())
    assert said in run("start").stderr


def test_a_command_that_there_is_not_leads_to_the_one_that_was_meant() -> None:
    result = run("statsu")

    assert result.exit_code == 2
    assert "No such command 'statsu'. Did you mean 'stats'?" in result.stderr


def test_config_path_is_where_the_file_would_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default path, MEMORY_CONFIG or --config; whether or not there is a file."""
    assert run("config", "path").output == f"{home / 'agent-memory' / 'config.toml'}\n"
    monkeypatch.setenv("MEMORY_CONFIG", "/there.toml")
    assert run("config", "path").output == "/there.toml\n"


def test_status_without_a_daemon_ends_with_3(home: Path) -> None:
    """The two lines that scripts match, and the same as an object."""
    result = run("status")
    as_json = run("status", "--json")

    assert result.exit_code == as_json.exit_code == 3
    pid_file = home / "agent-memory" / "daemon.pid"
    assert result.output == f"Memory daemon is NOT running (no PID file)\nPID file: {pid_file}\n"
    assert json.loads(as_json.output)["running"] is False


def test_a_missing_store_is_named_with_the_command_that_creates_that_one(tmp_path: Path) -> None:
    """`start` without --db-path would make the default store."""
    missing = tmp_path / "my db"

    named = run("admin", "stats", "--db-path", missing)
    default = run("admin", "stats")

    assert named.exit_code == default.exit_code == 4
    assert f"Create it with: memory-daemon start --db-path '{missing}'" in named.stderr
    assert default.stderr.endswith("Create it with: memory-daemon start\n")


def test_stop_without_a_daemon_is_no_failure() -> None:
    """What should not run does not run."""
    result = run("stop")

    assert result.exit_code == 0
    assert result.output == "Memory daemon is NOT running (no PID file)\n"


def test_what_needs_no_daemon_answers_programs_too(home: Path) -> None:
    """One object each, under the names that `status --json` has."""
    paused = json.loads(run("pause-capture", "30m", "--json").output)
    assert json.loads(run("status", "--json").output)["capture_paused_until_ms"] == paused["capture_paused_until_ms"]
    assert json.loads(run("resume-capture", "--json").output) == {"capture_paused_until_ms": None}
    assert json.loads(run("stop", "--json").output) == json.loads(run("status", "--json").output)

    path = home / "agent-memory" / "config.toml"
    assert json.loads(run("config", "validate", "--json").output) == {
        "valid": True,
        "config": str(path),
        "exists": False,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("node",),
        ("browse",),
        ("expand",),
        ("node", "2026", "--node-id", "2025"),
        ("events", "--from", "gibberish"),
        ("map", "--tokens", "0"),
    ],
)
def test_a_query_that_makes_no_sense_ends_with_2(arguments: tuple[str, ...]) -> None:
    """Missing or doubled ids and unreadable times are refused before any daemon is asked."""
    assert run("query", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("query", "browse", "X", "--limit", "99999999999"), "'99999999999' is not usable: it must be a whole number"),
        (("query", "events", "--limit", "99999999999"), "from 1 to 2147483647"),
        (("query", "expand", "G", "--before", "99999999999"), "from 0 to 2147483647"),
        (("query", "expand", "G", "--after", "99999999999"), "from 0 to 2147483647"),
        (("query", "node", "today", "--tokens", "99999999999"), "from 0 to 2147483647"),
        (("query", "node", "today", "--version", "99999999999"), "from 1 to 2147483647"),
        (("query", "events", "--from", "99999999999999999999"), "milliseconds since 1970 have 13 at the most"),
        (("query", "node", "today", "--as-of", "99999999999999999999"), "it has 20 digits"),
        (("start", "--port", "abc"), "'abc' is not usable: a port is a whole number from 1 to 65535."),
        (("restart", "--port", "0"), "a port is a whole number from 1 to 65535."),
    ],
)
def test_a_number_that_is_too_large_is_told_in_a_sentence(arguments: tuple[str, ...], reason: str) -> None:
    """What the daemon's messages and the store's keys can't hold is a usage error, before any daemon is asked."""
    result = run(*arguments)

    assert result.exit_code == 2
    assert reason in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "node", "\udced\udca0\udc80"),
        ("query", "browse", "\udcff"),
        ("query", "events", "--session", "\udcff"),
        ("query", "expand", "\udcff"),
        ("query", "when", "on", "\udcff"),
        ("scheduler", "pause", "\udcff"),
    ],
)
def test_an_argument_that_is_no_text_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    """Bytes that are not UTF-8 come as halves of surrogate pairs, which no message can hold."""
    result = run(*arguments)

    assert result.exit_code == 2
    assert "An argument is not UTF-8." in result.stderr.splitlines()[-1]


def test_a_file_may_have_a_name_that_is_no_text(home: Path) -> None:
    """Names of files are bytes."""
    (home / "caf\udce9.toml").write_text("grpc_port = 50052\n", encoding="utf-8")

    shown = json.loads(run("config", "show", "--json", "--config", home / "caf\udce9.toml").output)

    assert shown["grpc_port"]["value"] == 50052


def test_what_nobody_expected_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours is no traceback, but for who asked for one."""
    monkeypatch.setattr(stack, "status", lambda _: 1 // 0)

    short, traced = run("status"), run("status", "--log-level", "debug")

    assert short.exit_code == traced.exit_code == 1
    assert short.stderr.startswith("Unexpected: ZeroDivisionError: ")
    assert "please report it" in short.stderr
    assert len(short.stderr.splitlines()) == 1
    assert "Traceback" in traced.stderr


@pytest.mark.parametrize("option", ["--db-path", "--config"])
def test_an_empty_path_is_not_the_current_folder(option: str) -> None:
    """As from a variable that is not set: nobody has named the folder one happens to be in."""
    for arguments in ((option, "", "config", "show"), ("config", "show", option, "")):
        result = run(*arguments)

        assert result.exit_code == 2
        assert "The path is empty." in result.stderr


def test_an_empty_variable_is_one_that_is_not_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEMORY_DB_PATH= takes the built-in store."""
    monkeypatch.setenv("MEMORY_DB_PATH", "")

    shown = json.loads(run("config", "show", "--json").output)

    assert shown["db_path"] == {"value": str(home / "agent-memory" / "db"), "source": "built-in"}


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    """There is nothing in it, which would read as if nothing had been said."""
    result = run("query", "events", "--from", "today", "--to", "yesterday")

    assert result.exit_code == 2
    assert "The span is reversed: --to yesterday is before --from today." in result.stderr


def test_an_id_of_the_other_kind_leads_to_the_other_command() -> None:
    """Whoever has a grip and asks for a node, or the other way round, learns what to type."""
    grip, node = run("query", "node", "grip:1:2"), run("query", "expand", "toc:day:2026-01-30")

    assert (grip.exit_code, node.exit_code) == (2, 2)
    assert "memory-daemon query expand grip:1:2" in grip.stderr
    assert "memory-daemon query node toc:day:2026-01-30" in node.stderr


def test_a_query_without_a_daemon_says_how_to_start_one(home: Path) -> None:
    """Not a traceback, and the remedy in the same line."""
    result = run("query", "root", "--db-path", home / "db")

    assert result.exit_code == 3
    assert result.stderr.startswith("Error: No memory daemon answers at unix:")
    assert f"memory-daemon start --db-path {home / 'db'}" in result.stderr


def test_logs_that_are_not_there_are_told_of() -> None:
    """Before the first start there is nothing to show, and silence would look like logs without a line."""
    result = run("logs")

    assert result.exit_code == 1
    assert "There are no logs in" in result.stderr


def test_stats_of_a_store_that_is_not_there_names_it(home: Path) -> None:
    """The error names the folder."""
    result = run("admin", "stats", "--db-path", home / "nowhere")

    assert result.exit_code != 0
    assert str(home / "nowhere") in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_our_command(shell: str) -> None:
    """What is printed is for `memory-daemon`, however it was called."""
    assert "_MEMORY_DAEMON_COMPLETE" in run("completion", shell).output


@pytest.mark.parametrize(("path", "command"), list(every_command(cli)))
def test_every_command_knows_its_version(path: tuple[str, ...], command: click.Command) -> None:
    """Except where the word means the version of a node."""
    own = next(each for each in command.params if "--version" in each.opts)
    if own.name != "version" or not path:
        result = run(*path, "--version")
        assert (result.exit_code, result.output.split()[0]) == (0, "memory-daemon")
    else:
        assert path == ("query", "node")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told_as_what_it_is() -> None:
    """Not as a defect to be reported."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agent_memory.cli.main", "config", "show"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: What is written to has no room left")


def test_a_width_of_nothing_prints_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """COLUMNS=0, as some programs set it, means that no width is known."""
    monkeypatch.setenv("COLUMNS", "0")

    render.draw(render.console(), [line("Everything that is remembered")])

    assert capsys.readouterr().out == "Everything that is remembered\n"


def test_config_show_says_what_is_not_set() -> None:
    """And which time zone is in force instead."""
    shown = {each.split(" = ")[0].strip(): each for each in run("config", "show").output.splitlines()}

    assert "(not set; a new store's is this machine's, " in shown["timezone"]
    assert shown["agent_id"].endswith('""  (not set)')


def test_the_root_knows_exactly_the_modules_commands() -> None:
    """Each name leads to a command of that name."""
    assert [path[0] for path, _ in every_command(cli) if len(path) == 1] == list(COMMANDS)


def test_the_list_of_commands_says_of_each_what_its_own_help_says() -> None:
    """It is written down beside the names, so that no command is imported to list them."""
    shown = {path[0]: each.get_short_help_str(80) for path, each in every_command(cli) if len(path) == 1}

    assert shown == {name: what for name, (_, what) in COMMANDS.items()}


def test_help_and_status_import_nothing_heavy(tmp_path: Path) -> None:
    """The libraries that cost a tenth of a second each are imported where they are used, and only there."""
    program = (
        "import sys; from agent_memory.cli.main import cli\n"
        "for words in (['--help'], ['status']):\n"
        "    try: cli(words)\n"
        "    except SystemExit: pass\n"
        "heavy = {'grpc', 'rich', 'rocksdict', 'google.protobuf', 'zmq', 'supervisor'} & set(sys.modules)\n"
        "sys.exit(','.join(heavy) or 0)"
    )

    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True).stderr == ""


def test_tail_reads_the_last_lines_of_any_file(tmp_path: Path) -> None:
    """The end of a long file, a file without a last line end, one line too many asked for, no file."""
    path = tmp_path / "log"
    path.write_text("".join(f"line {number} {'x' * 100}\n" for number in range(5000)) + "last")

    assert [line[:9] for line in log_files.tail(path, 3)] == ["line 4998", "line 4999", "last"]
    assert len(log_files.tail(path, 2000)) == 2000
    assert len(log_files.tail(path, 9999)) == 5001
    assert log_files.tail(path, 0) == []
    assert log_files.tail(tmp_path / "none", 5) == []


def test_what_a_healthy_start_always_says_is_no_alarm(tmp_path: Path) -> None:
    """supervisord's two lines about itself are left out where its log is shown, not in the file, and no other is."""
    path = tmp_path / "supervisor.log"
    follower = log_files.Follower(path)
    path.write_text(
        "2026-01-30 09:14:00,001 CRIT Supervisor is running as root.  Privileges were not dropped because no user is "
        "specified in the config file.  If you intend to run as root, you can set user=root in the config file to "
        "avoid this message.\n"
        "2026-01-30 09:14:00,002 CRIT Server 'unix_http_server' running without any HTTP authentication checking\n"
        "2026-01-30 09:14:00,003 CRIT could not write pidfile /run/daemon.pid\n"
        "2026-01-30 09:14:00,004 INFO supervisord started with pid 7\n"
    )

    assert follower.new_lines() == log_files.tail(path, 2) == log_files.tail(path, 20)
    assert [line.split(" ", 3)[2] for line in log_files.tail(path, 20)] == ["CRIT", "INFO"]
    follower.close()


def test_a_follower_goes_on_through_a_rotation(tmp_path: Path) -> None:
    """Lines are given whole and once: before the file is there, across its rotation, when a line comes in two parts."""
    path = tmp_path / "log"
    follower = log_files.Follower(path)
    assert follower.new_lines() == []

    path.write_text("one\ntw")
    assert follower.new_lines() == ["one"]
    with path.open("a") as file:
        file.write("o\nthree\n")
    path.rename(tmp_path / "log.1")
    path.write_text("four\n")

    assert follower.new_lines() == ["two", "three", "four"]
    follower.close()

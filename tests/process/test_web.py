"""The web page's server: whom it serves, what it answers, and when it ends."""

from __future__ import annotations

import http.client
import json
import os
import pty
import pwd
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_memory.client import Client
from agent_memory.model import DEFAULT_STORE
from agent_memory.web.server import PageServer
from support.page import Page, page
from support.stack import Stack, wait_until
from support.writer import said

WORDS = "The heron's <b onclick=x>nest</b> is in the third willow"
AT_MS = 1_760_000_000_000

_FOREIGN_USER = """
import encodings.idna, http.client, os, sys
os.setuid(int(sys.argv[1]))
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[2]), timeout=20)
try:
    connection.request("GET", sys.argv[3])
    print(connection.getresponse().status)
except (http.client.HTTPException, OSError) as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def server(shared_stack: Stack) -> Iterator[Page]:
    with shared_stack.client() as client:
        client.ingest(said("willow", AT_MS, WORDS, session_id="birds"))
    with page(shared_stack) as found:
        yield found


@pytest.fixture(scope="module")
def cookie(server: Page) -> str:
    """What a browser has that opened the link."""
    return server.send(server.opening, {"Sec-Fetch-Site": "none"}).cookie


def test_a_link_opens_the_page_once(shared_stack: Stack) -> None:
    """Also from another site, as in a terminal within a browser; then never again, and a guess never."""
    with page(shared_stack) as found:
        assert found.send("/?token=guess").status == 403
        assert found.send("/?token=").status == 401  # there is none in it
        assert found.send(found.opening, {"Sec-Purpose": "prefetch"}).status == 503
        opened = found.send(found.opening, {"Sec-Fetch-Site": "cross-site"})
        again = found.send(found.opening)

        assert (opened.status, again.status) == (200, 403)
        attributes = [each.strip() for each in opened.headers["Set-Cookie"].split(";")]
        assert attributes[1:] == ["Path=/", "HttpOnly", "SameSite=Strict"]
        assert attributes[0].startswith(f"agent-memory-{found.port}=")
        assert found.link.encode() not in opened.body
        assert again.headers["Set-Cookie"] is None
        assert found.send("/", {"Cookie": opened.cookie}).status == 200


@pytest.mark.parametrize("path", ["/", "/api/root", "/api/live", "/api/session?id=birds", "/api/search?query=heron"])
def test_without_the_cookie_there_is_no_byte_of_the_memory(server: Page, cookie: str, path: str) -> None:
    """None, another port's, a wrong one, one of many, one that no browser writes."""
    name, _, value = cookie.partition("=")
    for wrong in ("", f"agent-memory-1={value}", f"{name}={value[:-1]}", f"{name}=", f"{name}={value}x", f'{name}="é'):
        found = server.send(path, {"Cookie": wrong} if wrong else {})

        assert found.status == 401
        assert b"heron" not in found.body
        assert b"willow" not in found.body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/api/session?id=birds", "/", "/app.js"])
def test_other_sites_get_nothing_even_with_the_cookie(
    server: Page, cookie: str, path: str, headers: dict[str, str], status: int
) -> None:
    """A name that was made to lead here, a page that asks across sites, another program on this machine."""
    found = server.send(path, {"Cookie": cookie, **headers})

    assert found.status == status
    assert b"willow" not in found.body
    assert "Access-Control-Allow-Origin" not in found.headers


def test_two_hosts_are_none(server: Page, cookie: str) -> None:
    """A request that names both us and somebody else is refused."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(
            f"GET /api/root HTTP/1.1\r\nHost: {server.host}\r\nHost: evil.example\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 421 ")


def test_every_response_keeps_the_page_to_itself(server: Page, cookie: str) -> None:
    """No script or style in the page, nothing from elsewhere, no frame, no copy on the disk: whatever the response."""
    paths = ["/", "/app.js", "/style.css", "/api/root", "/api/nothing", "/nowhere", "/?token=guess"]
    found = [server.send(path, {"Cookie": cookie}) for path in paths]
    found += [server.send("/api/root"), server.send("/", {"Host": "evil"}), server.send("/", method="POST")]
    for each in found:
        policy = dict(part.strip().split(" ", 1) for part in each.headers["Content-Security-Policy"].split(";"))
        assert policy.pop("default-src") == "'none'"
        assert policy.pop("require-trusted-types-for") == "'script'"
        assert set(policy.values()) <= {"'self'", "'none'"}
        assert policy["frame-ancestors"] == "'none'"
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert each.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert each.headers["Server"] is None


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
def test_the_page_is_read_and_changed_in_one_way_each(server: Page, cookie: str, method: str) -> None:
    """Another method is refused, and so is one that nobody knows; what it brings is not taken for a request."""
    smuggled = f"GET /api/session?id=birds HTTP/1.1\r\nHost: {server.host}\r\nCookie: {cookie}\r\n\r\n"
    found = server.send("/api/root", {"Cookie": cookie}, method, "" if method == "HEAD" else smuggled)

    assert (found.status, found.headers["Allow"]) == (405, "GET, POST")
    assert b"willow" not in found.body


def changes(server: Page, cookie: str) -> dict[str, str]:
    """The headers with which the page's own program asks for a change."""
    token = server.ask(cookie, "about").json["token"]
    return {
        "Cookie": cookie,
        "Origin": f"http://{server.host}",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/json",
        "X-Agent-Memory-Token": token,
    }


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Cookie": ""}, 401),
        ({"X-Agent-Memory-Token": ""}, 403),
        ({"X-Agent-Memory-Token": "guess"}, 403),
    ],
)
def test_only_the_page_s_own_program_changes_something(
    shared_stack: Stack, server: Page, cookie: str, wrong: dict[str, str], status: int
) -> None:
    """Another site, another name, no cookie, no token: nothing is paused."""
    found = server.send("/api/pause", {**changes(server, cookie), **wrong}, "POST", '{"length": "30m"}')

    assert found.status == status
    assert "Capture: paused" not in shared_stack.run("status").stdout


def test_capture_is_paused_and_resumed(shared_stack: Stack, server: Page, cookie: str) -> None:
    """As by the command, for the lengths that are offered; what is no such change is refused."""
    own = changes(server, cookie)
    refused = ["", "[]", '{"length": 1}', '{"length": "-h"}', '{"length": "30m", "store": "../x"}', "[" * 4000]
    for body in refused:
        assert server.send("/api/pause", own, "POST", body).status in (400, 404), body
    assert server.send("/api/stop", own, "POST", "{}").status == 400
    assert server.send("/api/pause", own, "POST", " " * 5000).status == 413
    assert server.ask(cookie, "capture").json["capture_paused_until_ms"] is None

    paused = server.send("/api/pause", own, "POST", '{"length": "2h"}').json["capture_paused_until_ms"]
    try:
        assert server.ask(cookie, "capture").json["capture_paused_until_ms"] == paused
        assert "Capture: paused" in shared_stack.run("status").stdout
    finally:
        server.send("/api/resume", own, "POST", "{}")
    assert server.ask(cookie, "capture").json["capture_paused_until_ms"] is None


def test_a_conversation_is_forgotten_once_it_was_looked_at(shared_stack: Stack, server: Page, cookie: str) -> None:
    """Shown first; then as many events as were shown, or none; with a proof."""
    own = changes(server, cookie)
    with shared_stack.client() as client:
        client.ingest(said("owl-1", AT_MS + 1000, "The owl's nest is behind the barn roof", session_id="owls"))
        client.ingest(said("owl-2", AT_MS + 2000, "The owl flew off", session_id="owls"))

    shown = server.send("/api/preview", own, "POST", '{"session": "owls"}').json
    too_few = server.send("/api/forget", own, "POST", '{"session": "owls", "events": "1"}')
    there = server.ask(cookie, "session", id="owls").json["events"]
    done = server.send("/api/forget", own, "POST", '{"session": "owls", "events": "2"}').json

    assert (shown["events"], shown["samples"][0]["text"]) == ("2", "The owl's nest is behind the barn roof")
    assert (too_few.status, "2 events are selected now, and not 1" in too_few.json["error"]) == (400, True)
    assert len(there) == 2
    assert (done["events"], done["proved"]) == ("2", True)
    assert server.ask(cookie, "session", id="owls").json.get("session") is None
    for body in ("{}", '{"events": "2"}', '{"session": "birds"}', '{"session": "birds", "events": "--yes"}'):
        assert server.send("/api/forget", own, "POST", body).status == 400


@pytest.mark.parametrize(
    "path",
    [
        *("/../answers.py", "/%2e%2e/answers.py", "/static/app.js", "/..%2fserver.py", "/./app.js"),
        *("/app.js/", "/app.js%00", "/etc/passwd", "/py.typed", "/api/../app.js", "/api/shutdown", "/api/"),
    ],
)
def test_no_path_leads_elsewhere(server: Page, cookie: str, path: str) -> None:
    """Only the page's own files are served, and only the questions that there are."""
    found = server.send(path, {"Cookie": cookie})

    assert found.status in (400, 404)
    assert b"import" not in found.body
    assert b"root:" not in found.body


def test_answers_are_the_command_line_s_own(shared_stack: Stack, server: Page, cookie: str) -> None:
    """The same bytes; and an error in its words."""
    asked = server.ask(cookie, "session", id="birds")
    printed = shared_stack.run("query", "session", "birds", "--limit", "200", "--json").stdout

    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert asked.body.decode() == printed
    assert asked.json["events"][0]["text"] == WORDS
    missing = server.ask(cookie, "node", id="toc:day:1999-01-01")
    assert missing.status == 200
    assert "node" not in missing.json
    wrong = server.ask(cookie, "node", id="no such time")
    assert wrong.status == 400
    assert "neither a node's id nor a time" in wrong.json["error"]
    assert server.ask(cookie, "node").status == 400
    assert server.ask(cookie, "grip", id="toc:day:1999-01-01").status == 400


@pytest.mark.parametrize("query", ["--help", "--json --db-path=/etc", "-- --foo", "'", "a" * 5000, "🙂", "x\ny"])
def test_what_is_typed_is_only_looked_for(server: Page, cookie: str, query: str) -> None:
    """Whatever looks like an option, or is strange, is words to find."""
    found = server.ask(cookie, "search", query=query)

    assert found.status == 200, found.json
    assert "hits" in found.json


def test_each_part_of_the_page_is_answered(server: Page, cookie: str) -> None:
    """Every question that the page's program asks, as far as there is something."""
    server_stats = server.ask(cookie, "stats").json
    assert server_stats["timezone"] == "UTC"
    days = server.ask(cookie, "days", to="2025-12-31").json["days"]
    assert {"day": "2025-10-09", "events": "1"}.items() <= next(d for d in days if d["events"] != "0").items()
    wait_until(lambda: server.ask(cookie, "root").json["nodes"])
    children = server.ask(cookie, "children", id="toc:day:2025-10-09").json["children"]
    segment = server.ask(cookie, "node", id=children[0]["node_id"]).json["node"]
    grip = segment["bullets"][0]["grip_ids"][0]
    assert server.ask(cookie, "grip", id=grip).json["excerpt_events"][0]["text"] == WORDS
    assert server.ask(cookie, "newest").json["events"][0]["event_id"]
    place = server.ask(cookie, "place", id=children[0]["node_id"]).json
    assert [each["id"] for each in place["above"]][-1] == "toc:day:2025-10-09"


def test_the_stream_says_that_something_was_stored(shared_stack: Stack, server: Page, cookie: str) -> None:
    """One event at once, and another after a commit."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/api/live", headers={"Cookie": cookie})
    stream = connection.getresponse()
    assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream")

    def data() -> object:
        line = next(line for line in iter(stream.readline, b"") if line.startswith(b"data: "))
        return json.loads(line.removeprefix(b"data: "))

    assert data() == {"up": True}
    with shared_stack.client() as client:
        client.ingest(said("later", AT_MS + 1, "A kingfisher as well", session_id="birds"))
    assert data() == {"up": True}
    stream.close()
    connection.close()


@pytest.mark.drill
def test_the_page_outlives_the_daemon(stack: Stack) -> None:
    """Without one it says so; with the next one it answers; on a daemon's end the stream says so."""
    with page(stack) as found:
        cookie = found.send(found.opening).cookie
        down = found.ask(cookie, "root")
        assert (down.status, down.json["reason"]) == (503, "NOT_RUNNING")
        stack.start()
        assert found.ask(cookie, "root").status == 200
        stack.kill("query")
        wait_until(lambda: found.ask(cookie, "root").status == 200)
        stack.stop()
        assert found.ask(cookie, "root").json["reason"] == "NOT_RUNNING"


def test_a_store_is_shown_alone(shared_stack: Stack, server: Page, cookie: str) -> None:
    """The one that is named, whatever the environment of the daemon; its commits are those that are told."""
    shared_stack.run("stores", "create", "acme")
    with page(shared_stack, "--project-store", "acme") as other:
        theirs = other.send(other.opening).cookie
        shown = [page.ask(key, "about").json for page, key in ((other, theirs), (server, cookie))]
        assert [(each["store"], each["stores"]) for each in shown] == [
            ("acme", ["acme"]), ("default", ["default", "acme"]),
        ]  # fmt: skip
        # A page of one store shows no other; that of the default one may.
        assert other.ask(theirs, "newest", store="default").status == 400
        assert server.ask(cookie, "newest", store="../acme").status == 400
        assert server.ask(cookie, "newest", store="nowhere").status in (400, 404)
        assert "birds" not in other.ask(theirs, "newest").body.decode()
        connection = http.client.HTTPConnection("127.0.0.1", other.port, timeout=60)
        connection.request("GET", "/api/live", headers={"Cookie": theirs})
        stream = connection.getresponse()
        seen = iter(stream.readline, b"")
        assert next(line for line in seen if line.startswith(b"data: "))
        with Client(shared_stack.status()["socket"], store="acme") as client:
            client.ingest(said("secret", AT_MS, "Acme's own swan", session_id="swans"))
        assert next(line for line in seen if line.startswith(b"data: "))
        stream.close()
        connection.close()
        assert "Acme's own swan" in other.ask(theirs, "newest").body.decode()
        assert "Acme's own swan" not in server.ask(cookie, "newest").body.decode()
        assert "Acme's own swan" in server.ask(cookie, "newest", store="acme").body.decode()


def test_it_ends_at_an_interrupt_and_says_how_to_go_on(shared_stack: Stack) -> None:
    """At Ctrl-C, within a moment, also while somebody follows; the port is free again."""
    with shared_stack.spawn("web") as process:
        assert process.stdout
        link = re.search(r"http://\S+", process.stdout.readline())
        assert link
        found = Page(link[0], process.pid)
        cookie = found.send(found.opening).cookie
        connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=60)
        connection.request("GET", "/api/live", headers={"Cookie": cookie})
        stream = connection.getresponse()
        process.send_signal(signal.SIGINT)
        said_last = stream.read()
        output, errors = process.communicate(timeout=60)

    assert b"event: ended" in said_last
    assert (process.returncode, errors) == (0, "")
    assert output == "The page has ended: it was told to end. Again: memory-daemon web\n"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", found.port))


def test_it_ends_when_nobody_looks(tmp_path: Path) -> None:
    """Nobody has used it for that long; then the port is free, and nothing of it runs."""
    server = PageServer(tmp_path / "db", DEFAULT_STORE, 0)

    assert server.serve_until_idle(threading.Event(), idle_s=0.0)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    assert [each.name for each in threading.enumerate() if each.name == "accept"] == []


def test_a_defect_is_told_without_what_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it was, and no word of the question; a browser that has gone is told as nothing."""
    server = PageServer(tmp_path / "db", DEFAULT_STORE, 0)
    for error in (BrokenPipeError("gone"), ValueError("heron")):
        try:
            raise error
        except (OSError, ValueError):
            server.handle_error(None, ("127.0.0.1", 1))
    server.server_close()

    said_of_it = capsys.readouterr().err
    assert re.fullmatch(r"Unexpected: ValueError at test_web\.py:\d+; please report it\.\n", said_of_it)


def test_enter_gives_another_link_in_a_terminal(shared_stack: Stack) -> None:
    """The new one opens the page, the one before no longer does."""
    ours, theirs = pty.openpty()
    command = shared_stack.command("web")
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, env=shared_stack.env, text=True) as process:
        os.close(theirs)
        assert process.stdout
        first = Page(process.stdout.readline().split()[-1], process.pid)
        assert process.stdout.readline() == "The link opens once; Enter gives another one, Ctrl-C ends.\n"
        os.write(ours, b"\n")
        second = Page(process.stdout.readline().split()[-1], process.pid)

        assert first.opening != second.opening
        assert (first.send(first.opening).status, second.send(second.opening).status) == (403, 200)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read().startswith("The page has ended: it was told to end.")
    os.close(ours)
    assert process.returncode == 0


@pytest.mark.drill
def test_it_opens_the_browser_that_the_user_has(shared_stack: Stack, tmp_path: Path) -> None:
    """With the link; where there is none to open, it says how to get at it."""
    program, opened = tmp_path / "browse", tmp_path / "opened"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    program.chmod(0o700)
    bare = {name: value for name, value in shared_stack.env.items() if "DISPLAY" not in name and name != "BROWSER"}
    for environ in ({**bare, "BROWSER": f"{program} %s"}, bare):
        command = shared_stack.command("web", "--open")
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ, text=True
        ) as process:
            assert process.stdout
            link = process.stdout.readline().split()[-1]
            if "BROWSER" in environ:
                wait_until(opened.exists)
                assert opened.read_text() == link
            elif sys.platform != "darwin":
                assert process.stdout.readline().startswith("No browser can be opened here.")
            process.terminate()


def test_a_port_that_is_taken_is_told(shared_stack: Stack, server: Page) -> None:
    """In words, with what to do."""
    done = shared_stack.run("web", "--port", server.port, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The page can't be served on port {server.port}: ")


@pytest.mark.skipif(os.getuid() != 0 or sys.platform != "linux", reason="only root can be another user")
def test_another_user_can_not_even_connect(server: Page) -> None:
    """Not with the link either: the kernel tells whose connection it is."""
    nobody = pwd.getpwnam("nobody").pw_uid
    call = [sys.executable, "-c", _FOREIGN_USER, str(nobody), str(server.port)]

    for path in ("/", "/app.js", server.opening):
        done = subprocess.run([*call, path], capture_output=True, text=True, timeout=60, cwd="/")
        assert done.stdout.strip() in ("RemoteDisconnected", "ConnectionResetError"), done


def test_it_leaves_nothing_behind_and_costs_little(shared_stack: Stack, server: Page) -> None:
    """No file with the token; no gRPC in its memory, which would double it."""
    token = server.opening.partition("=")[2].encode()
    written = [
        path for path in Path(shared_stack.folder).rglob("*") if path.is_file() and path.stat().st_size < 1 << 20
    ]

    assert [path for path in written if token in path.read_bytes()] == []
    if sys.platform == "linux":
        maps = Path(f"/proc/{server.pid}/maps").read_text()
        assert "grpc" not in maps
        assert "rocksdict" not in maps


def test_many_connections_do_not_shut_out_the_next(server: Page, cookie: str) -> None:
    """Beyond the limit connections are closed at once; when some end, there is room again."""
    held = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(60)]
    wait_until(lambda: any(_is_closed(each) for each in held))
    for each in held:
        each.close()

    wait_until(lambda: _answers(server, cookie))


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def _answers(server: Page, cookie: str) -> bool:
    try:
        return server.send("/", {"Cookie": cookie}).status == 200
    except (http.client.HTTPException, OSError):
        return False

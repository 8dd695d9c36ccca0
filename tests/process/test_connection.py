"""Which daemon a query asks: that of its own store, and no other that has the port."""

from __future__ import annotations

from agent_memory.model import Event, EventRole, EventType
from support.stack import Stack


def said(text: str) -> Event:
    return Event("e1", "s1", 1_800_000_000_000, EventType.USER_MESSAGE, EventRole.USER, text)


def test_a_query_is_answered_from_its_own_store_only(stack: Stack) -> None:
    """Another user's daemon may have the port of one that does not run."""
    stack.start()
    with stack.client() as client:
        client.ingest(said("belongs to the first store"))
    other = str(stack.folder / "other" / "db")

    refused = stack.run("query", "events", check=False, env={"MEMORY_DB_PATH": other})

    assert refused.returncode == 3
    assert (
        f"No memory daemon runs for {other}: the one at 127.0.0.1:{stack.port} serves another store." in refused.stderr
    )
    assert "first store" not in refused.stdout + refused.stderr


def test_a_query_finds_its_daemon_by_the_port_where_the_socket_is_elsewhere(stack: Stack) -> None:
    """A cron job has no XDG_RUNTIME_DIR, for one."""
    stack.start()
    with stack.client() as client:
        client.ingest(said("belongs to this store"))

    found = stack.run("query", "events", env={"XDG_RUNTIME_DIR": str(stack.folder / "elsewhere")})

    assert "belongs to this store" in found.stdout

"""Project stores: their names and folders, the rules that lead to them, and what is open of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory import project_stores
from agent_memory.backfill.importer import Importer
from agent_memory.backfill.report import Report, Tally
from agent_memory.backfill.store_importers import StoreImporters
from agent_memory.capture.session_stores import SessionStores
from agent_memory.errors import AgentMemoryError, SettingsError, UnknownStore, UsageError, WriterBusy
from agent_memory.model import Event, EventRole, EventType
from agent_memory.paths import default_db_path
from agent_memory.project_stores import IDLE_S, OPEN_MAX, FolderRules
from agent_memory.query.open_stores import WAITING_MAX, OpenStores
from agent_memory.settings import Settings
from agent_memory.settings.of_store import of_store


@given(st.text(alphabet=st.characters() | st.sampled_from("./\\~\0 A1-_"), max_size=80))
def test_a_name_never_leads_out_of_the_folder(text: str) -> None:
    """Whatever is typed is refused, or is a folder right below the one of all stores, the same however often."""
    main = Path("/data/db")
    try:
        name = project_stores.parse_name(text)
    except UsageError:
        return
    assert project_stores.parse_name(name) == name
    folder = project_stores.folder_of(main, name)
    assert Path(os.path.normpath(folder)) == folder
    assert folder.parent == Path("/data/db-projects")
    assert not folder.name.startswith(".")


@pytest.mark.parametrize("text", ["../x", "a/b", ".hidden", "..", "-x", "a b", "ä", "x" * 64, "a\0b"])
def test_what_is_no_name_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"no name for a store\. Use up to 63"):
        project_stores.parse_name(text)


def test_the_default_store_has_its_projects_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`projects/NAME` in the user's data folder; beside any other store a folder that is named after it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert (
        project_stores.db_path_of(default_db_path(), "acme") == tmp_path / "agent-memory" / "projects" / "acme" / "db"
    )
    assert project_stores.db_path_of(tmp_path / "db", "Acme") == tmp_path / "db-projects" / "acme" / "db"
    assert project_stores.db_path_of(tmp_path / "db", "") == tmp_path / "db"


def test_stores_are_made_renamed_and_removed(tmp_path: Path) -> None:
    """For this user only; a name is taken once; what is gone is unknown, and the default store is always there."""
    main = tmp_path / "db"
    assert project_stores.create(main, "acme")
    assert not project_stores.create(main, "acme")
    assert project_stores.create(main, "beta")
    folder = project_stores.folder_of(main, "acme")
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "db").mkdir()
    (folder / "db" / "file").write_text("x")

    with pytest.raises(UsageError, match="already"):
        project_stores.move(main, "acme", "beta")
    project_stores.move(main, "acme", "gamma")
    assert project_stores.names(main) == ["beta", "gamma"]
    project_stores.remove(main, "gamma")

    assert project_stores.names(main) == ["beta"]
    assert [path.name for path in project_stores.folder_of_all(main).iterdir()] == ["beta"]
    for change in (project_stores.remove, project_stores.require):
        with pytest.raises(UnknownStore, match=r"no store 'gamma'; there are default, beta"):
            change(main, "gamma")
    with pytest.raises(AgentMemoryError, match="always there"):
        project_stores.remove(main, "default")


def test_a_removal_that_was_cut_short_is_swept(tmp_path: Path) -> None:
    """What a killed command left is no store, and goes with the next start."""
    main = tmp_path / "db"
    project_stores.create(main, "acme")
    left = project_stores.folder_of(main, "acme").rename(project_stores.folder_of_all(main) / ".removed-acme-1")

    assert project_stores.names(main) == []
    project_stores.sweep(main)

    assert not left.exists()


def test_the_innermost_rule_decides(tmp_path: Path) -> None:
    """A folder belongs to the nearest folder above it that a rule names, by whatever link it was entered."""
    (tmp_path / "clients" / "acme" / "src").mkdir(parents=True)
    (tmp_path / "clients" / "acme-old").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "clients")
    rules = FolderRules({str(tmp_path / "clients"): "clients", f"{tmp_path}/clients/acme/": "acme"})

    assert rules.store_of(str(tmp_path / "clients" / "acme")) == "acme"
    assert rules.store_of(str(tmp_path / "clients" / "acme" / "src")) == "acme"
    assert rules.store_of(str(tmp_path / "clients" / "acme-old")) == "clients"
    assert rules.store_of(str(tmp_path / "link" / "acme")) == "acme"
    assert rules.store_of(str(tmp_path)) == rules.store_of("") == ""
    assert not FolderRules({})


def test_a_store_has_settings_of_its_own(tmp_path: Path) -> None:
    """Over the daemon's; what only the daemon can have is refused by name."""
    daemon = Settings(db_path=tmp_path / "db", redaction=False, retention_days=7)
    project_stores.create(daemon.db_path, "acme")
    config = project_stores.folder_of(daemon.db_path, "acme") / "config.toml"
    config.write_text("retention_days = 30\n")

    acme = of_store(daemon, "acme")

    assert (acme.store, acme.retention_days, acme.redaction) == ("acme", 30, False)
    assert (acme.db_path, acme.main_path) == (config.parent / "db", daemon.db_path)
    assert acme.runtime.hook_socket == daemon.runtime.hook_socket
    assert acme.runtime.secondary("query") != daemon.runtime.secondary("query")
    assert of_store(acme, "default") is acme or of_store(daemon, "default") is daemon
    config.write_text("grpc_port = 1\n")
    with pytest.raises(SettingsError, match="grpc_port can't be set for one store"):
        of_store(daemon, "acme")


def test_which_store_a_session_belongs_to_outlives_a_torn_line(tmp_path: Path) -> None:
    """The first note stays, a renamed store keeps its sessions, and what a crash tore takes nothing with it."""
    notes = SessionStores(tmp_path / "db")
    notes.note("s1", "acme")
    notes.note("s1", "beta")
    path = tmp_path / "db-project-sessions"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(path.read_bytes() + b'{"session": "s2", "st')

    notes = SessionStores(tmp_path / "db")
    notes.note("s3", "beta")
    notes.rename("acme", "acme-2026")

    found = SessionStores(tmp_path / "db")
    assert [found.store_of(session) for session in ("s1", "s2", "s3", "s4")] == ["acme-2026", "", "beta", ""]


class Content:
    """Something that is open for a store."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


class Opened:
    """What is open, and a clock to set."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.made: list[Content] = []
        self.stores = OpenStores(self._made, Content.close, lambda: self.now_s)

    def _made(self, name: str) -> Content:
        self.made.append(Content(name))
        return self.made[-1]

    @property
    def open_names(self) -> list[str]:
        return [content.name for content in self.made if content.is_open]


def test_what_is_idle_is_closed_and_what_is_used_is_not() -> None:
    """One that is used again in time stays open; one in use is never closed under its user."""
    opened = Opened()
    with opened.stores.using("a"), opened.stores.using("b"):
        opened.now_s = IDLE_S * 3
        opened.stores.close_idle()
        assert opened.open_names == ["a", "b"]
    with opened.stores.using("a"):
        pass
    opened.now_s += IDLE_S / 2
    with opened.stores.using("b"):
        pass
    opened.now_s += IDLE_S / 2 + 1
    opened.stores.close_idle()

    assert opened.open_names == ["b"]
    with opened.stores.using("a") as again:
        assert again is opened.made[2]


def test_there_are_never_more_open_than_the_limit_when_nobody_uses_them() -> None:
    """A hundred stores, one after another: the last ones used stay."""
    opened = Opened()
    for number in range(100):
        opened.now_s = number / 1000
        with opened.stores.using(f"{number}"):
            pass
        opened.stores.close_idle()

    assert opened.open_names == [f"{number}" for number in range(100 - OPEN_MAX, 100)]


def test_a_released_store_is_closed_when_its_last_user_has_done() -> None:
    """Whoever uses it finishes; whoever comes later opens it again."""
    opened = Opened()
    with opened.stores.using("a") as content:
        opened.stores.release("a")
        assert content.is_open
    assert not content.is_open
    with opened.stores.using("a") as again:
        assert again.is_open


def test_a_store_that_opens_slowly_takes_few_threads() -> None:
    """So many callers wait for it; the next are refused at once, and other stores are served meanwhile."""
    may_open = threading.Event()

    def made(name: str) -> Content:
        if name == "slow":
            assert may_open.wait(60)
        return Content(name)

    stores = OpenStores(made, Content.close)
    refused = threading.Semaphore(0)
    served = threading.Semaphore(0)

    def use() -> None:
        try:
            with stores.using("slow"):
                served.release()
        except WriterBusy:
            refused.release()

    callers = [threading.Thread(target=use) for _ in range(1 + WAITING_MAX + 4)]
    for caller in callers:
        caller.start()
    for _ in range(4):
        assert refused.acquire(timeout=60)
    with stores.using("other") as other:
        assert other.is_open
    may_open.set()
    for caller in callers:
        caller.join()

    assert not refused.acquire(blocking=False)
    assert all(served.acquire(blocking=False) for _ in range(1 + WAITING_MAX))


def test_an_opening_that_fails_is_tried_again_by_the_next_caller() -> None:
    """The error goes to whoever asked, and nothing is kept of it."""
    failures = iter([UsageError("damaged"), None])

    def made(name: str) -> Content:
        if error := next(failures):
            raise error
        return Content(name)

    stores = OpenStores(made, Content.close)
    with pytest.raises(UsageError, match="damaged"), stores.using("a"):
        pass
    with stores.using("a") as content:
        assert content.is_open


class Taking(Importer):
    """Keeps what it is given."""

    def __init__(self, name: str, taken: dict[str, list[str]]) -> None:
        super().__init__(None, Report())
        self._taken = taken.setdefault(name, [])

    def take(self, events: Iterable[Event], tally: Tally) -> None:
        self._taken += [event.event_id for event in events]


def test_a_session_is_imported_into_its_own_store_only(tmp_path: Path) -> None:
    """By the note of its first call, else by the rule for its folder; one of a removed store is imported nowhere."""
    notes = SessionStores(tmp_path / "db")
    notes.note("noted", "acme")
    notes.note("gone", "removed")
    rules = FolderRules({str(tmp_path / "clients"): "clients"})
    here, there = {"cwd": str(tmp_path)}, {"project": str(tmp_path / "clients" / "x")}
    events = [
        Event(name, session, 1, EventType.USER_MESSAGE, EventRole.USER, "", metadata, "codex")
        for name, session, metadata in (
            ("1", "noted", there), ("2", "gone", here), ("3", "other", here), ("4", "ruled", there), ("5", "ruled", {}),
        )
    ]  # fmt: skip

    noted: dict[str, str] = {}

    def imported(store: str, agents: Callable[[str, str], str] = lambda *_: "default") -> dict[str, list[str]]:
        taken: dict[str, list[str]] = {}
        importers = StoreImporters(
            store,
            lambda name: Taking(name, taken),
            notes,
            rules,
            lambda name: name != "removed",
            agents,
            noted.__setitem__,
        )
        tally = Tally()
        importers.take(events, tally)
        assert tally.ignored == 1
        return taken

    assert imported("default") == {"acme": ["1"], "default": ["3"], "clients": ["4", "5"]}
    assert imported("acme") == {"acme": ["1", "3"]}
    # With a store for each agent, one that neither a note nor a rule names.
    assert imported("default", lambda session, agent: agent) == {"acme": ["1"], "codex": ["3"], "clients": ["4", "5"]}
    assert noted == {"noted": "acme", "other": "codex", "ruled": "clients"}

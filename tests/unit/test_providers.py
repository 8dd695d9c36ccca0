"""Both protocols over real sockets: what is sent, what comes back, and every way in which that fails."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_memory.errors import AgentMemoryError, SettingsError
from agent_memory.settings import Settings
from agent_memory.worker.llm.answers import SCHEMA
from agent_memory.worker.llm.api_key import api_key
from agent_memory.worker.llm.choice import provider_for
from agent_memory.worker.llm.deadline import Deadline
from agent_memory.worker.llm.library import check_library
from agent_memory.worker.llm.material import Item, fenced
from agent_memory.worker.llm.providers import Answer, ProviderRefused, ProviderUnavailable, Question, QuestionRefused
from agent_memory.worker.llm.providers import Provider as Model
from support.provider import ANTHROPIC, OPENAI, Provider, Reply, summary
from support.stack import wait_until

KEY = "sk-test-" + "0123456789abcdef"
QUESTION = Question("Tell it.", fenced([Item("user", "We decided to use Postgres.")]), SCHEMA)


@pytest.fixture
def server() -> Iterator[Provider]:
    server = Provider()
    yield server
    server.close()


Ask = Callable[..., Answer]


@pytest.fixture(params=["anthropic", "openai"])
def model(request: pytest.FixtureRequest, server: Provider, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A provider that has the key and the server's address."""
    name: str = request.param
    monkeypatch.setenv(f"{name.upper()}_API_KEY", KEY)
    base_url = server.url if name == "anthropic" else f"{server.url}/v1/"
    provider = provider_for(Settings(summarizer_provider=name, summarizer_model="small", summarizer_base_url=base_url))
    assert provider.name == f"{name}/small"
    return provider


@pytest.fixture
def ask(model: Model) -> Ask:
    """Asks the question of the provider."""
    return lambda timeout_s=10.0: model.ask(QUESTION, timeout_s)


def test_an_answer_is_bound_to_the_schema(ask: Ask, server: Provider) -> None:
    """A tool that must be called, or a strict JSON schema; nothing is scraped out of prose."""
    answer = ask()

    (asked,) = server.asked
    assert answer == Answer(summary(asked.items), 100, 20)
    assert asked.instructions == QUESTION.instructions
    assert asked.material == QUESTION.material
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "small"
    if asked.path == ANTHROPIC:
        assert asked.body["tools"][0]["input_schema"] == SCHEMA
        assert asked.body["tool_choice"] == {"type": "tool", "name": "summary"}
    else:
        assert asked.path == OPENAI
        assert asked.body["response_format"]["json_schema"]["schema"] == SCHEMA
        assert asked.body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ProviderRefused),
        (400, QuestionRefused),
        (401, ProviderRefused),
        (403, ProviderRefused),
        (429, ProviderUnavailable),
        (500, ProviderUnavailable),
        (529, ProviderUnavailable),
    ],
)
def test_a_refusal_is_asked_once_and_reported_without_the_key(
    ask: Ask, server: Provider, status: int, kind: type[AgentMemoryError]
) -> None:
    """The retry policy is ours; a provider that redirects gets the key of nobody else."""
    server.usual = Reply(status, {"Location": "http://127.0.0.1:9/"}, content=f"key {KEY} is wrong")

    with pytest.raises(kind) as raised:
        ask()

    assert len(server.asked) == 1
    assert KEY not in str(raised.value)
    assert str(status) in str(raised.value)


def test_retry_after_is_passed_on(ask: Ask, server: Provider) -> None:
    server.usual = Reply(429, {"Retry-After": "17"})

    with pytest.raises(ProviderUnavailable) as raised:
        ask()

    assert raised.value.retry_after_s == 17


def test_a_hang_ends_with_the_time_out(ask: Ask, server: Provider) -> None:
    server.usual = Reply(hangs=True)

    with pytest.raises(ProviderUnavailable):
        ask(timeout_s=0.3)


def test_a_server_that_drips_does_not_outlast_the_deadline(model: Model, server: Provider) -> None:
    """Each byte comes in time, and the answer never. Nobody is asked again before that connection is gone."""
    server.usual = Reply(drips=True)
    deadline = Deadline()
    began_s = time.monotonic()

    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            deadline.ask(model, QUESTION, 0.5)

    assert time.monotonic() - began_s < 5
    assert len(server.asked) <= 2
    server.close()
    wait_until(lambda: not any(thread.name == "question" for thread in threading.enumerate()))


def test_nobody_there_is_reported_as_such(ask: Ask, server: Provider) -> None:
    server.close()

    with pytest.raises(ProviderUnavailable):
        ask()


def test_prose_instead_of_json_is_no_answer(ask: Ask, server: Provider) -> None:
    """It is for the check to refuse it; what it cost counts."""
    server.usual = Reply(content="Sure! Here is your summary: ...")

    assert ask() == Answer(None, 100, 20)


def test_neither_key_nor_conversation_is_logged(ask: Ask, server: Provider, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever level the daemon logs at."""
    with caplog.at_level(logging.DEBUG):
        ask()

    assert KEY not in caplog.text
    assert "Postgres" not in caplog.text


def test_a_key_may_come_from_a_private_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    file.chmod(0o600)

    assert api_key(Settings(summarizer_provider="openai", summarizer_key_file=str(file))) == KEY
    assert api_key(Settings(summarizer_provider="openai", summarizer_key_command=f"cat '{file}'")) == KEY


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"summarizer_key_file": "FILE"},
        {"summarizer_key_file": "FILE.missing"},
        {"summarizer_key_command": "cat FILE.missing"},
        {"summarizer_key_command": f"sh -c 'echo {KEY}; echo {KEY} >&2; exit 3'"},
        {"summarizer_key_command": f"echo '{KEY} two words'"},
    ],
)
def test_without_a_usable_key_the_error_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    """A file that others can read is none; no error repeats what was found."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    file = tmp_path / "key"
    file.write_text(KEY, encoding="utf-8")
    file.chmod(0o644)
    filled = {name: value.replace("FILE", str(file)) for name, value in settings.items()}

    with pytest.raises(SettingsError) as raised:
        api_key(Settings(summarizer_provider="anthropic", **filled))  # type: ignore[arg-type]

    assert KEY not in str(raised.value)
    assert "key" in str(raised.value)


def test_a_server_of_one_s_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert api_key(Settings(summarizer_provider="openai", summarizer_base_url="http://localhost:11434/v1")) == ""


def test_a_provider_without_its_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the key is looked for, and without loading what is there."""
    monkeypatch.setitem(sys.modules, "anthropic", None)

    with pytest.raises(SettingsError, match=r"anthropic, which is not installed\. Install it: .*pip install"):
        provider_for(Settings(summarizer_provider="anthropic"))

    check_library(Settings(summarizer_provider="openai", summarizer_model="m"))
    check_library(Settings())

"""What counts as decided, found out or laid down, by its words and by its place in the talk."""

from __future__ import annotations

import pytest

from agent_memory.text.questions import asks
from agent_memory.worker.summarizer.decisive import DECISIVE, Place, decisiveness, offers
from agent_memory.worker.summarizer.text import words

ANYWHERE = Place()
ANSWER = Place(replies=True, answers=True, ends_turn=True)
REPLY = Place(replies=True, ends_turn=True)


def by_user(text: str, place: Place = ANYWHERE) -> float:
    return decisiveness(text, words(text), True, place)


def by_assistant(text: str, place: Place = ANYWHERE) -> float:
    return decisiveness(text, words(text), False, place)


@pytest.mark.parametrize(
    "text",
    [
        "Let's go with Valkey, it has the better licence.",
        "We'll stick to one repository.",
        "Wir nehmen Postgres.",
        "Dann bleiben wir bei Postgres.",
        "On part sur Django.",
        "Decidimos usar Kafka.",
        "Usiamo SQLite.",
        "Vamos ficar com o Postgres.",
        "Решили остаться на Postgres.",
        "データベースは Postgres にしましょう。",
        "那就用 Postgres。",
        "From now on nobody deploys on Fridays.",
        "We never log addresses.",
    ],
)
def test_what_a_person_decides_or_lays_down_is_decisive(text: str) -> None:
    assert by_user(text) >= DECISIVE


@pytest.mark.parametrize(
    "text",
    [
        "The root cause was a missing index.",
        "Turns out the clock of the second node runs ahead.",
        "Es lag daran, dass der Server in UTC rechnet.",
        "Le problème venait du certificat.",
        "La culpa era de los permisos.",
        "L'errore dipendeva dal fuso orario.",
        "Afinal o culpado era a cache.",
        "Причина была в таймауте.",
        "原因は文字コードでした。",
        "原来是缓存没有更新。",
    ],
)
def test_a_cause_that_an_assistant_found_is_decisive(text: str) -> None:
    assert by_assistant(text) >= DECISIVE


@pytest.mark.parametrize(
    "text",
    [
        "Fix the lint errors in app.py.",
        "The spinner never stops.",
        "Should we go with Valkey?",
        "Commit this",
        "Mach die Tabelle sortierbar.",
        "コミットしてください",
        "提交吧",
    ],
)
def test_requests_questions_and_descriptions_decide_nothing(text: str) -> None:
    assert by_user(text, REPLY) < DECISIVE


def test_the_same_words_decide_more_where_they_answer() -> None:
    """ "Only for admins" is a decision behind "For whom shall it be?", and a wish otherwise."""
    assert by_user("Yes, but only for admins.") < DECISIVE <= by_user("Yes, but only for admins.", ANSWER)
    assert by_user("No, use protobuf.") < DECISIVE <= by_user("No, use protobuf.", REPLY)


def test_rules_are_a_persons() -> None:
    assert by_assistant("Never commit secrets to a repository.") < DECISIVE <= by_user("Never commit secrets here.")


def test_an_offer_asks_or_names_what_can_be_chosen() -> None:
    assert offers("Both would work. Shall I use the first?")
    assert offers("Polling is simple. Or websockets, which are faster.") == offers("Redis or Valkey.") is True
    assert not offers("All 42 tests pass.")
    assert asks("本当ですか？")

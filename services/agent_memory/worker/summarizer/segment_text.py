"""What a segment says, read once for all who need it: the summarizer, the titles, the keywords, and the proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from math import log1p

from agent_memory.capture import recalled
from agent_memory.model import Event, EventRole, EventType
from agent_memory.text.questions import asks
from agent_memory.worker.summarizer.common import COMMON
from agent_memory.worker.summarizer.decisive import Place, offers
from agent_memory.worker.summarizer.event_text import EventText
from agent_memory.worker.summarizer.prose import paragraphs
from agent_memory.worker.summarizer.sentences import Sentence, sentences_of
from agent_memory.worker.summarizer.speakers import calls
from agent_memory.worker.summarizer.summary import BULLETS_MIN
from agent_memory.worker.summarizer.text import is_unspaced, term, terms, words

SENTENCES_MAX = 600  # a segment has about 150; more are thinned out evenly, so that time stays bounded
# Characters; a shorter sentence takes the next ones along, unless there are too few: alone it says little.
JOIN_MAX = 130
CONTEXT_SHARE = 0.5  # a mention in the segment before counts half
COMMON_SHARE = 0.5  # what a word of everyday talk says, beside one that is not
ANSWER_CHARS = 400  # a longer message of a person's is a new request
OFFER_CHARS = 800  # of a message's end: there it asks, or says what can be chosen
PAIR_SHARE = 0.5  # what a pair of characters says: a word of a script without spaces has about two


class SegmentText:
    """The text of a segment's events. Each reading of it is made when it is first asked for, and kept.

    `context` is what went right before: it helps to understand and is never quoted.
    """

    def __init__(self, events: Sequence[Event], context: Sequence[Event] = ()) -> None:
        # That the memory was asked proves nothing, and is nothing that was done.
        self.events = [event for event in events if not _asks_memory(event)] or events
        # Whether all of it is a question to the memory, and what was made of the answer.
        self.is_question = len(self.events) < len(events) and _has_no_more_than_a_question(self.events)
        self.texts = [EventText(event) for event in self.events]
        self._context = context

    @cached_property
    def speakers(self) -> list[str]:
        """Those who are named, in the order in which they first speak."""
        return list(dict.fromkeys(text.speaker for text in self.texts if text.speaker))

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of people and agents, in order; none of tools, none of the machinery around a session."""
        names = words(" ".join(self.speakers))
        found = self._read(JOIN_MAX, names)
        if len(found) < BULLETS_MIN:
            found = self._read(0, names)
        if len(found) > SENTENCES_MAX:
            found = [found[place * len(found) // SENTENCES_MAX] for place in range(SENTENCES_MAX)]
        if names:
            _leave_out_names(found, names)
        return found

    @cached_property
    def salience(self) -> Mapping[str, float]:
        """How much each term matters: by how many sentences speak of it, and how many messages before the segment."""
        counts: Counter[str] = Counter(chain.from_iterable(sentence.terms for sentence in self.sentences))
        before: Counter[str] = Counter(
            chain.from_iterable(
                terms("\n".join(paragraphs(event.text))) for event in self._context if EventText(event).is_said
            )
        )
        return {key: log1p(count + CONTEXT_SHARE * before[key]) * _particular(key) for key, count in counts.items()}

    @cached_property
    def events_with_term(self) -> Counter[str]:
        """In how many events each term occurs."""
        return Counter(chain.from_iterable(text.terms for text in self.texts))

    def only(self, place: int) -> SegmentText:
        """The event at that index by itself, as far as it has been read already."""
        alone = SegmentText(self.events[place : place + 1])
        alone.texts = [self.texts[place]]
        return alone

    def _read(self, join_max: int, names: Sequence[str]) -> list[Sentence]:
        return [
            sentence
            for place, text in enumerate(self.texts)
            if text.is_said
            for sentence in sentences_of(place, text, join_max, names, self._places[place])
        ]

    @cached_property
    def _places(self) -> Mapping[int, Place]:
        """Where in the talk each message stands."""
        said = [(place, text.event) for place, text in enumerate(self.texts) if text.is_said]
        before = next((each for each in reversed(self._context) if EventText(each).is_said), None)
        places = {}
        asked = False
        for (place, event), (_, after) in zip(said, [*said[1:], (-1, None)], strict=True):
            replied_to = before if event.role == EventRole.USER and len(event.text) <= ANSWER_CHARS else None
            replies = replied_to is not None and replied_to.role == EventRole.ASSISTANT
            answers = replied_to is not None and replies and (asked or offers(replied_to.text[-OFFER_CHARS:]))
            places[place] = Place(replies, answers, after is None or after.role != event.role)
            before = event
            if event.role == EventRole.USER:
                asked = asks(event.text)
        return places


def _asks_memory(event: Event) -> bool:
    return event.role == EventRole.TOOL and recalled.asks(event.text, event.metadata.get("machine_text", ""))


def _has_no_more_than_a_question(events: Sequence[Event]) -> bool:
    asked = sum(event.event_type == EventType.USER_MESSAGE for event in events)
    return asked <= 1 and not any(event.event_type == EventType.TOOL_RESULT for event in events)


def _particular(key: str) -> float:
    """What the term says by itself, wherever it stands."""
    if key in COMMON:
        return COMMON_SHARE
    return 1.0 if key.isascii() or not is_unspaced(key) else PAIR_SHARE


def _leave_out_names(found: Sequence[Sentence], names: Sequence[str]) -> None:
    """The names of those who speak are in every other sentence, and say nothing of what it is about."""
    called = {term(word) for word in set().union(*(sentence.words for sentence in found)) if calls(word, names)}
    for sentence in found:
        sentence.terms -= called

"""A title: what a segment was about, in the words of whoever asked for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_memory.worker.summarizer.chores import CHORES, is_chore
from agent_memory.worker.summarizer.common import COMMON
from agent_memory.worker.summarizer.cues import ASKING, DOING_ELSEWHERE, REPORTING
from agent_memory.worker.summarizer.sentences import Sentence
from agent_memory.worker.summarizer.speakers import together
from agent_memory.worker.summarizer.summary import TITLE_MAX, TRACE_WEIGHT
from agent_memory.worker.summarizer.text import sentences, shorten, term

# Greetings and courtesies before a request. Stripped one after another, so each is a single step.
_COURTESY = re.compile(
    r"""(?:
      (?:hi|hey|hello|good\ morning|good\ evening|ok|okay|alright|well|so|now|great|perfect|thanks(?:\ a\ lot)?
        |thank\ you|yes|yeah|yep|sure|cool|nice|wow|and|also|then|next|but|please|pls|plz|kindly|just|maybe|actually
        |btw|by\ the\ way|basically|(?:ultrathink|think\ hard(?:er)?)(?:\ about)?
        |hallo|moin|guten\ (?:morgen|tag|abend)|super|danke|bitte|ja|und|dann|jetzt|mal
        |bonjour|salut|merci|svp|s'il\ (?:te|vous)\ pla[iî]t|et|alors
        |hola|gracias|por\ favor|oye|y|ahora|olá|oi|obrigad[oa]|ciao|grazie|per\ favore
        |привет|здравствуйте|спасибо|пожалуйста|да|и)
        (?=[\s,!.:;—–-])(?:\s*[,!.:;—–-])*
     # "No, use X": but "no tests" asks for something.
     |(?:no|nope|nein|nee|non|não|нет|claude|codex|gemini|copilot|as\ discussed),
     |(?:a\ )?(?:quick|short)\ question\ ?[-–—:,]
     |what\ (?:i|we)\ (?:want|need)\ is(?:\ that|\ to)?
     |your\ (?:task|job)\ is(?:\ to)?
     |(?P<asks>(?:can|could|would|will)\ (?:you|we)(?:\ (?:please|kindly|just|also|maybe|now|help\ me(?:\ to)?))*
       |(?:kannst|könntest|würdest)\ du(?:\ (?:bitte|mal|mir|uns|noch|auch))*
       |(?:können|könnten)\ (?:sie|wir)(?:\ (?:bitte|mal))*
       |est-ce\ que\ (?:tu\ peux|vous\ pouvez)
       |(?:peux|pourrais)[\ -]tu|(?:pouvez|pourriez)[\ -]vous|puedes|podrías|podemos|você\ pode|pode|podes|poderia
       |puoi|potresti|можешь|можете|мог\ бы\ ты|не\ могли\ бы\ вы)
     |(?:i|we)(?:\ would|['’]d)?(?:\ really)?\ (?:want|like|love|need)\ (?:you\ )?to
     |help\ me(?:\ to)?|let['’]?s|it\ would\ be\ (?:nice|great|good)\ (?:to|if\ you\ could)
    )(?:\s+|$)
    |(?:すみません|こんにちは|おはようございます|ありがとうございます|お疲れ様です|你好|您好|谢谢)[、。，,！!\s]+""",
    re.VERBOSE | re.IGNORECASE,
)
_COURTESY_AFTER = re.compile(
    r"[\s,]+(?:please|pls|bitte|thanks|thank you|danke|merci|por favor|gracias|пожалуйста)[\s.!?]*$", re.IGNORECASE
)
COURTESIES_MAX = 6
LITTLE_MIN = 12  # characters; a shorter request of one term says too little
TOPICS_MAX = 3
# What can be done to anything: "it still fails" has no title in it.
_NAMING_NOTHING = COMMON | CHORES | frozenset(map(term, ASKING | REPORTING | DOING_ELSEWHERE))
_URL = re.compile(r"\w+://\S+")
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?[,:;]?")
# Who the assistant is to be is no task.
_ROLE = re.compile(r"(?:you are|act as|du bist|tu es|eres|você é|sei) (?:an?|eine?|une?|una|uma?)\b", re.IGNORECASE)


def title_for(asked: Sequence[Sentence], lines: Sequence[tuple[str, float]], otherwise: str) -> str:
    """The title for what was asked, in order, and the lines of its summary with their weights.

    It is the first request that has content: not the last chore, and nothing that only leads over to what follows, such
    as "Implement this plan:". `otherwise` is the title where nothing was said; empty when there is none.
    """
    tasks = [each for each in asked if not is_chore(each.text, each.terms) and not each.text.endswith((":", "："))]
    tasks = [each for each in tasks if len(each.terms) > 1 or len(each.text) >= LITTLE_MIN]
    saying = [each.text for each in tasks if not each.terms <= _NAMING_NOTHING]
    little = [each.text for each in tasks if not each.terms <= COMMON]
    said = [text for text, weight in sorted(lines, key=lambda line: -line[1]) if weight > TRACE_WEIGHT]
    for text in (*saying, *little, *said, otherwise, *(text for text, _ in lines)):
        if (title := title_of(text)) and not _URL.fullmatch(title):
            return title
    return shorten(lines[0][0], TITLE_MAX) if lines else ""


def title_of_talk(people: Sequence[str], keywords: Sequence[str]) -> str:
    """The title of a talk between people: who they were, and of what they spoke most."""
    return shorten(": ".join(filter(None, (together(people), ", ".join(keywords[:TOPICS_MAX])))), TITLE_MAX)


def title_of(text: str) -> str:
    """A request as a title: its first sentence without greeting and courtesy, in at most TITLE_MAX characters."""
    text = _without_role(text)
    asked = False
    for _ in range(COURTESIES_MAX):
        match = _COURTESY.match(text)
        if match is None:
            break
        asked = asked or match["asks"] is not None
        text = text[match.end() :]
    start, end = next(sentences(text), (0, 0))
    title = _COURTESY_AFTER.sub("", text[start:end]).rstrip(" .,;:!。！")
    if asked:
        title = title.rstrip(" ?？؟")
    # A sentence begins with a capital, a name such as test_retry or useState stays as it is written.
    if (words := title.split(maxsplit=1)) and _PLAIN_WORD.fullmatch(words[0]) and words[0].islower():
        title = title[:1].upper() + title[1:]
    return shorten(title, TITLE_MAX)


def _without_role(text: str) -> str:
    """The text from the first sentence on that does not only say who the assistant is to be."""
    return next((text[start:] for start, end in sentences(text) if not _ROLE.match(text, start, end)), "")

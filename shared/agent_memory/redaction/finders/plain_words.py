"""Passwords that are plain words, where a sentence says so: "the password is sunflower"."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.looks.passwords import is_named_after, is_ordinary, is_plain_word

# A clause that ends with the word: "... is sunflower.", "... ist Sonnenblume und ...".
_CLAUSE: Final = re.compile(
    r"(?:[ ](?!not|never|no\b|nicht|pas\b|kein)[^\s:=.,;!?<>(){}\[\]\"'`/]{1,20}){0,6}?[ ](?P<verb>is|"
    r"ist|lautet|est|es|\u00e8|\u00e9)[ ](?:now[ ]|jetzt[ ])?"
    r"[\"'`\u201c\u201e*]{0,2}(?P<value>[A-Za-z\u00c0-\u017f]{5,20})"
    r"(?=[\"'`\u201d*]{0,2}(?:[.!;)]?(?:\s*\Z|[ \t]*\n)|[.;,)](?=\s)|[ ](?:and|und|et|y|e|\u2014|\u2013|-)[ ]))",
    re.IGNORECASE,
)
# What is said of a password in these languages, and not what it is.
_PREDICATE: Final = re.compile(
    r"\w*(?:ed|ing|(?<!f)ly|ous|tion|ment|ive|able|ible|ful|less|ent|ant|ect|ary|ory|ient|ish|ic|ical|ual|en|bar|ig|lich|isch|los|voll|ert|"
    r"oire|able|ide|\u00e9e?|ect[eo]?|ad[oa]|id[oa]|t[oa]|ri[oa]|os[oa]|iv[oa]|u[oa]|uel|il|al|ar|\u00e1vel|\u00edvel|ente|ante|ura|eur|euse)\Z|"
    r"(?:wrong|false|true|right|empty|null|fine|weak|strong|short|long|longer|shorter|same|different|plain|secret|public|private|random|"
    r"old|new|okay|cool|great|better|worse|safe|unsafe|sure|clear|enough|mine|yours|theirs|ours|base|bytes|ascii|admin|falsch|richtig|leer|"
    r"gleich|geheim|sicher|schwach|stark|neben|hier|dort|unten|oben|weiter|noch|auch|immer|vide|faux|juste|fort|faible|court|secr\u00e8te?|"
    r"trop|aussi|m\u00eame|corta|debil|fuerte|falsa|vacia|igual|fraca|forte|vazia|sbagliata|vuota|debole|giusta|errata|uguale|senza|demasiado|"
    r"troppo|verplicht|onjuist|juist|leeg|fout|verlopen|vergeten|sterk|zwak|muito|molto|encore|toujours|obligatoire|requis)\Z",
    re.IGNORECASE,
)


def plain_word(text: str, end: int) -> re.Match[str] | None:
    """The plain word, as `value`, that a sentence tells as the password whose word ends there."""
    found = _CLAUSE.match(text, end)
    if found is None:
        return None
    is_noun = found["verb"] in ("ist", "lautet") and found["value"].istitle()
    return found if _is_password(found["value"], is_noun=is_noun) else None


def _is_password(word: str, *, is_noun: bool) -> bool:
    """`is_noun` in German, which writes them with a capital."""
    lower = word.lower()
    return not ((_PREDICATE.match(word) and not is_noun) or is_ordinary(lower) or is_named_after(lower)) and (
        not word.isascii() or is_plain_word(lower)
    )

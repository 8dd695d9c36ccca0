"""Whether a plain word is a password, where a sentence says so: "the password is sunflower"."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.looks.passwords import is_named_after, is_ordinary, is_plain_word
from agent_memory.redaction.patterns import lazily

# What is said of a password in these languages, and not what it is.
_PREDICATE: Final = lazily(
    r"\w*(?:ed|ing|(?<!f)ly|ous|tion|ment|ive|able|ible|ful|less|ent|ant|ect|ary|ory|ient|ish|ic|ical|ual|en|bar|ig|lich|isch|los|voll|ert|"
    r"oire|able|ide|\u00e9e?|ect[eo]?|ad[oa]|id[oa]|t[oa]|ri[oa]|os[oa]|iv[oa]|u[oa]|uel|il|al|ar|\u00e1vel|\u00edvel|ente|ante|ura|eur|euse)\Z|"
    r"(?:wrong|false|true|right|empty|null|fine|weak|strong|short|long|longer|shorter|same|different|plain|secret|public|private|random|"
    r"old|new|okay|cool|great|better|worse|safe|unsafe|sure|clear|enough|mine|yours|theirs|ours|base|bytes|ascii|admin|falsch|richtig|leer|"
    r"gleich|geheim|sicher|schwach|stark|neben|hier|dort|unten|oben|weiter|noch|auch|immer|vide|faux|juste|fort|faible|court|secr\u00e8te?|"
    r"trop|aussi|m\u00eame|corta|debil|fuerte|falsa|vacia|igual|fraca|forte|vazia|sbagliata|vuota|debole|giusta|errata|uguale|senza|demasiado|"
    r"troppo|verplicht|onjuist|juist|leeg|fout|verlopen|vergeten|sterk|zwak|muito|molto|encore|toujours|obligatoire|requis)\Z",
    re.IGNORECASE,
)


def is_told_word(word: str, *, is_noun: bool) -> bool:
    """Whether the word, where a sentence has a password, is one, and not what is said of it.

    `is_noun` in German, which writes them with a capital.
    """
    lower = word.lower()
    return not ((_PREDICATE.match(word) and not is_noun) or is_ordinary(lower) or is_named_after(lower)) and (
        not word.isascii() or is_plain_word(lower)
    )

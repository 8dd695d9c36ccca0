"""Words that only ask: "was haben wir gemacht" looks for nothing, and a time beside it is all that was asked for. Pure.

The words that say nothing in English are no search tokens at all. Those of other languages are words elsewhere ("die"),
so they are left out of a question alone, and only where it is plainly of that language.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from agent_memory.search.tokens import STOPWORDS

# A question is of a language that so many of its words are of, and English has none of them.
PLAINLY: Final = 2

_ENGLISH: Final = (
    "work worked working happen happened talk talked talking discuss discussed get got getting accomplish "
    "accomplished achieve achieved going everything anything something stuff things thing busy recap "
    "summary summarize tell show let know been go went on make made"
)
# Of each other language the words that hold a question together, and those that ask what was done, whatever it was.
_WORDS: Final = {
    "de": (
        (
            "was wer wie wo wann warum wieso woran worüber worum wofür womit welche welcher welches haben "
            "hatten habe hat hatte wir ich uns mir mich ihr sie er es ist sind waren wurde wurden denn "
            "eigentlich so noch alles der die das den dem des ein eine einen einem in im am an auf zu zum zur "
            "mit und oder von vom für über bei um nicht auch doch mal da dort"
        ),
        (
            "gemacht getan geschafft passiert geschehen los lief gelaufen gearbeitet besprochen geredet "
            "gesprochen beredet machten taten ging gegangen machen tun zuletzt zusammenfassung zeig zeige"
        ),
    ),
    "fr": (
        (
            "qu que quoi qui quel quelle quels quelles comment pourquoi où quand est ce avons avait avions "
            "nous ai je j a on s il y elle ils les la le l un une des de du d sur dans au aux en et ou pour "
            "par avec était étaient étions été ne pas t c ça se"
        ),
        ("fait faite faits faites passé passée travaillé parlé discuté cours faire tout résumé quelque chose"),
    ),
    "es": (
        (
            "qué que quién quien cómo como por dónde donde cuándo cuando cuál cual hemos ha he se nos "
            "nosotros yo lo la el los las un una de del en y o con sobre para al a fue había era estaba "
            "estuvimos estuve no"
        ),
        (
            "hicimos hice hizo hecho hacer haciendo pasó pasado trabajamos trabajé trabajado hablamos hablado "
            "hablé discutimos sucedió todo algo resumen"
        ),
    ),
    "it": (
        (
            "che cosa cos chi come perché dove quando quale abbiamo ho ha è e si noi io ci il lo la i gli le "
            "un una di del della in nel a su sul con per stato era non"
        ),
        ("fatto successo lavorato parlato discusso fare tutto qualcosa riassunto"),
    ),
    "pt": (
        (
            "o que quem como por onde quando qual nós eu se a os as um uma de do da em no na com sobre para e "
            "foi era estava não"
        ),
        (
            "fizemos fiz fez feito aconteceu trabalhamos trabalhei falamos falei conversamos discutimos fazer "
            "tudo algo resumo"
        ),
    ),
}
_UNSPACED: Final = re.compile(
    # Japanese
    "(?:は|に|の|を|が|で|と|も|へ|から|まで|って|何|なに|なん|どんな|こと|事|私たち|私達|私|我々|僕たち|僕ら|僕|俺たち|俺|みんなで|一緒に"
    "|して|し|していた|していました|した|しました|しましたか|したか|したの|していたか|やった|やっていた|やりました|やってた|やったか|行った"
    "|話した|話しました|話していた|話し合った|あった|ありました|ありましたか|起きた|起こった|か|だった|でした|っけ|の話|作業"
    # Chinese
    "|我们|咱们|我|你|都|在|做|了|过|过了|什么|些|干|啥|事情|事|讨论|聊|谈|说|的|哪些|吗|呢|是|有|发生|一起|工作)+"
)
# Words that stand by themselves: no part of a name, a path or a number.
_WORD: Final = re.compile(r"(?<![\w./@])[^\W\d_]+(?![\w/@])")
_PLAIN_WORD: Final = re.compile(r"[^\W\d_]+")
_BETWEEN: Final = re.compile(r"[\W_]+")


def only_asks(text: str) -> bool:
    """Whether the text has words, and none of them says what is looked for."""
    together = _BETWEEN.sub("", text)
    if not together.isascii() and _UNSPACED.fullmatch(together):
        return True
    said = {_folded(word) for word in _BETWEEN.split(text) if word}
    return bool(said) and any(said <= binding | doing for binding, doing in _languages().values())


def is_plainly(text: str, code: str) -> bool:
    """Whether the text is plainly of that language: `de`, `fr`, `es`, `it` or `pt`."""
    return len(_said(text) & _languages()[code][0]) >= PLAINLY


def without_binding(text: str) -> str:
    """The text without the words that only hold a question together, where it plainly is one of a language."""
    said = _said(text)
    binding = max((binding for binding, _ in _languages().values()), key=lambda each: len(said & each))
    if len(said & binding) < PLAINLY:
        return text
    return _WORD.sub(lambda word: "" if _folded(word[0]) in binding else word[0], text)


def _said(text: str) -> set[str]:
    """The words of the text that English does not bind with as well."""
    return {_folded(word) for word in _PLAIN_WORD.findall(text)} - STOPWORDS


@cache
def _languages() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    spoken = {
        code: (frozenset(map(_folded, binding.split())), frozenset(map(_folded, doing.split())))
        for code, (binding, doing) in _WORDS.items()
    }
    return {"en": (STOPWORDS, frozenset(_ENGLISH.split())), **spoken}


def _folded(word: str) -> str:
    characters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in characters if not unicodedata.combining(character))

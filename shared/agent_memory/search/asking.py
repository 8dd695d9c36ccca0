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
            "was wer wen wem wessen wie wo wohin woher wann warum wieso weshalb woran woraus worauf worin worüber "
            "worum wozu wovon wodurch wofür womit wonach welche welcher welches welchem welchen wieviel wieviele viel "
            "viele oft lange haben habt hatten hattet habe hast hat hatte hätte hätten wir ich du ihr sie er es man "
            "uns mir mich dich euch ihm ihn ihnen sich unser unsere unserem unseren unserer mein meine meinem "
            "meinen meiner dein deine sein seine ihre ist sind seid war waren wart wird werden wurde wurden worden "
            "würde würden gibt gab gegeben kann können konnte konnten könnte muss müssen musste mussten soll sollen "
            "sollte sollten darf dürfen wollen wollte wollten möchte denn eigentlich so noch schon nur immer wieder "
            "alles dieser diese dieses diesem diesen jeder jede jedes jedem jeden der die das den dem des denen ein "
            "eine einen einem einer eines kein keine keinen keiner in im am an auf zu zum zur mit und oder aber als "
            "wenn dass ob weil von vom für über bei beim um bis aus nach vor seit durch gegen ohne zwischen während "
            "wegen dazu dafür davon dabei damit daran dann nicht nichts etwas auch doch mal da dort"
        ),
        (
            "gemacht getan geschafft passiert geschehen los lief gelaufen gearbeitet besprochen geredet "
            "gesprochen beredet machten taten ging gegangen machen tun zuletzt zusammenfassung zeig zeige "
            "neues wichtiges besonderes erledigt erreicht gewesen geschah"
        ),
    ),
    "fr": (
        (
            "qu que quoi qui quel quelle quels quelles lequel laquelle lesquels lesquelles dont comment combien "
            "pourquoi où quand souvent est sont es suis sommes ce cet cette ces avons avez avait avions avaient avoir "
            "nous vous ai as ont je j tu a on s il y elle ils elles lui leur leurs les la le l un une des de du d "
            "notre nos votre vos mon ma mes ton ta tes sa sur dans au aux en et ou mais donc pour par avec sans "
            "chez vers entre depuis pendant avant après comme si était étais étaient étions être été sera serait fut "
            "fallait faut peut peux pouvait doit dois devait devrait ne pas plus t c ça se"
        ),
        (
            "fait faite faits faites passé passée travaillé parlé discuté cours faire tout résumé quelque chose "
            "neuf nouveau arrivé arrivée"
        ),
    ),
    "es": (
        (
            "qué que quién quien quiénes quienes cómo como por porque dónde donde cuándo cuando cuál cual cuáles "
            "cuales cuánto cuánta cuántos cuántas cuya cuyo hemos ha he han has se nos me te les le mi mis tu su sus "
            "nuestro nuestra nuestros nuestras nosotros ellos ella yo él lo la el los las un una unos unas de del en y "
            "e o u con sin sobre entre hasta desde hacia para al a fue fueron ser es son está están estar hay hubo "
            "haber había habían era eran estaba estaban estuvimos estuve puede pueden podemos podía debe deben debía "
            "tiene tienen tenía este esta esto estos estas ese esa eso esos esas ya si más muy también pero no ni"
        ),
        (
            "hicimos hice hizo hecho hacer haciendo pasó pasado trabajamos trabajé trabajado hablamos hablado "
            "hablé discutimos sucedió ocurrió nuevo todo algo resumen"
        ),
    ),
    "it": (
        (
            "che cosa cos chi come perché dove quando quanto quanta quanti quante quale quali qual cui spesso abbiamo "
            "ho hai ha hanno avete aveva avevano avevamo è e ed si noi io voi lui lei loro ci mi ti ne il lo la i "
            "gli le un uno una di del dello della dei degli delle da dalla in nel nella nei nelle a al alla "
            "alle su sul sulla con per tra fra stato stata era erano eravamo fu furono essere sono sia "
            "siamo viene vengono venne veniva può possono possiamo poteva deve devono dobbiamo doveva questo questa "
            "questi queste quello quella nostro nostra nostri nostre mio mia già più anche se ma non"
        ),
        ("fatto successo accaduto lavorato parlato discusso fare tutto qualcosa nuovo riassunto"),
    ),
    "pt": (
        (
            "o que quê quem como por porque onde quando quanto quanta quantos quantas qual quais nós eu ele ela eles "
            "elas se me te lhe nos meu minha seu sua nosso nossa nossos nossas a os as um uma uns umas de do da dos "
            "das em no na nas ao aos à às pelo pela com sem sobre entre até desde para e ou mas é são ser foi foram "
            "era eram está estão estava estavam estar havia houve há tem têm temos tinha tinham pode podem podemos "
            "podia deve devem devia este esta isto esse essa isso já mais muito também não nem"
        ),
        (
            "fizemos fiz fez feito aconteceu trabalhamos trabalhei falamos falei conversamos discutimos fazer "
            "ocorreu novo tudo algo resumo"
        ),
    ),
}
# English has them too, as names of things: by these no text is of another language.
_ENGLISH_TOO: Final = frozenset(["war", "man", "come", "per", "plus", "dove", "sera", "son", "sin", "ma", "dos"])
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


def only_binds(word: str) -> bool:
    """Whether the word holds questions together, in one of the languages, and is nothing to look for."""
    return any(_folded(word) in binding for binding, _ in _languages().values())


def without_binding(text: str) -> str:
    """The text without the words that only hold a question together, where it plainly is one of a language."""
    said = _said(text)
    binding = max((binding for binding, _ in _languages().values()), key=lambda each: len(said & each))
    if len(said & binding) < PLAINLY:
        return text
    return _WORD.sub(lambda word: "" if _folded(word[0]) in binding else word[0], text)


def _said(text: str) -> set[str]:
    """The words of the text that English does not bind with as well."""
    return {_folded(word) for word in _PLAIN_WORD.findall(text)} - STOPWORDS - _ENGLISH_TOO


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

"""Requests that every session has: to commit, to go on, to try again. They are no task, and title nothing."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from agent_memory.worker.summarizer.text import term

_WORDS: Final = """
commit commits committed push pushed merge merged rebase amend stash pull pr prs mr request branch branches main master
origin continue proceed go ahead resume carry retry again rerun run tests test lint format build look looks good fine
great perfect nice works working stop wait cancel undo fix try correct yes done finish thanks change changes message
it now please everything push stage staged ship fixes closes summary summarize compact
committe committen commite mach weiter weitermachen fortfahren nochmal stopp warte abbrechen passt sieht gut los
continue continuez vas-y reprends relance arrête attends parfait commite pousse fusionne fais
sigue continúa adelante para espera perfecto sube haz
continua avanti ferma aspetta perfetto fai carica
continua segue para espera perfeito envia faz
продолжай дальше стоп подожди закоммить запушь отлично
"""
CHORES: Final = frozenset(key for word in _WORDS.split() if (key := term(word))) | frozenset(_WORDS.split())
_UNSPACED: Final = re.compile(
    "^(?:コミット|プッシュ|マージ|続け|つづけ|続行|やり直|もう一度|いいですね|提交|推送|合并|继续|重试|再来|再试|很好).{0,12}$"
)


def is_chore(text: str, terms: Set[str]) -> bool:
    """Whether the sentence of these terms asks for nothing else; a number alone ("Fixes #77") is no task either."""
    return {each for each in terms if not each.isdecimal()} <= CHORES or _UNSPACED.match(text) is not None

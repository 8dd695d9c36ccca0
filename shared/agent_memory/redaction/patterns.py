"""Expressions that are compiled when they are first used: most processes never need most of them."""

from __future__ import annotations

import re
from typing import Any, AnyStr, Final, Generic, cast

_METHODS: Final = ("match", "search", "fullmatch", "finditer", "findall", "split", "sub", "pattern")


class _Lazy(Generic[AnyStr]):
    """Stands for the compiled expression, and has its methods as its own from the first use on."""

    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._source: tuple[AnyStr, int] = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        for each in _METHODS:
            setattr(self, each, getattr(compiled, each))
        return getattr(compiled, name)


def lazily(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """The expression, to be compiled when it is first used."""
    return cast("re.Pattern[AnyStr]", _Lazy(pattern, flags))

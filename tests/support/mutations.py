"""Mutations: inputs for parsers, made of samples by chance. The same seed makes the same input."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

# Longer inputs than this are made rarely, since they cost as much as hundreds of others.
LONG_BYTES: Final = 1 << 17
# Deeper than any parser follows, and about as deep as they follow: what reads it may be no reader of the same depth.
DEPTHS: Final = (60, 400, 800, 900, 950, 970, 980, 990, 2000, 100_000)
_DEEP: Final = "\ue000deep"
_Path = tuple[int | str, ...]

_BYTES: Final = (
    *(
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r\n",
        b"\\",
        b'"',
        b"\\u0000",
        b"\\ud800",
        b"{",
        b"}",
    ),
    *(b"[", b"]", b":", b",", b"-", b".", b" ", b"\t", b"/", b"..", b"#", b"!", b"*", b"**/", b"[!", b"[[:alpha:]]"),
    *(b"<", b"</", b">", b"<private>", b"</private>", b"<system-reminder>", b"</system-reminder>", b"~/", b"%", b"@"),
    *(b"```", b"\x1b[200~", b"=", b"==", b"'", b"(", b")", b"|", b"+", b"&", b";", b"\xc2\xa0", b"\xe2\x80\xa8"),
    *(b"0", b"-1", b"1e999", b"NaN", b"Infinity", b"9" * 20, b"9" * 4400, b"2147483648", b"true", b"null", b"\xd9\xa3"),
)
TEXTS: Final = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "\udfff x",
        "\ufeff",
        "\u2028",
        "\n",
        "-",
        "--",
        "/",
        "..",
        "/dev/null",
        "~",
        "%s",
    ),
    *("<private>", "</private>", "<system-reminder>x", "<agent-memory-recall>", "</agent-memory-recall>", "x" * 700),
    *("2026-01-30T14:30:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1e400", "nan", "-0", "١٢٣"),
    *(
        "toc:day:2026-01-30",
        "grip:1:2",
        "Tool Bash",
        "{}",
        "[]",
        "𝔘𝔫𝔦",
        "e\u0301" * 40,
        "\u202e",
        "yesterday",
        "<" * 99,
    ),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e308, float("inf"), float("nan")),
    *([], {}, [[]], [None], {"": None}, [{}], {"type": []}, {"type": {}}, [1, "a", None, {}], {"text": 1}, {"id": []}),
)


class Samples:
    """Samples of one format, and inputs made of them."""

    def __init__(self, samples: Sequence[bytes]) -> None:
        self.samples = tuple(samples)
        self._lines = [sample.split(b"\n") for sample in self.samples]
        self._json: dict[bytes, tuple[Any, list[_Path]] | None] = {}

    def input(self, chance: random.Random) -> bytes:
        """One of the samples, changed in one to five places; now and then one as it is, or nothing of the kind."""
        number = chance.randrange(len(self.samples))
        data = self.samples[number]
        kind = chance.random()
        if kind < 0.01:
            return chance.randbytes(chance.randrange(200))
        if kind < 0.02:
            return data
        for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
            data = self._with_json_changed(data, chance) if chance.random() < 0.6 else self._changed(data, chance)
        return data[: LONG_BYTES * 8]

    def _with_json_changed(self, data: bytes, chance: random.Random) -> bytes:
        """A value in one of the lines, or in all of them together, is another; or bytes are, where it is no JSON."""
        if data.lstrip()[:1] not in (b"{", b"["):
            return self._changed(data, chance)
        lines = data.split(b"\n") if data.count(b"\n") < 500 else [data]
        place = chance.randrange(len(lines))
        found = self._parsed(lines[place]) if len(lines) > 1 else None
        if found is None:
            place, lines = 0, [data]
            found = self._parsed(data)
        if found is None:
            return self._changed(data, chance)
        value, paths = found
        try:
            lines[place] = _dumped(_replaced(value, chance.choice(paths), self._value(chance), chance), chance)
        except RecursionError:  # it was made deep before, and is deeper than can be written
            return self._changed(data, chance)
        return b"\n".join(lines)

    def _parsed(self, data: bytes) -> tuple[Any, list[_Path]] | None:
        if data in self._json:
            return self._json[data]
        try:
            value = json.loads(data)
            found = (value, list(_paths(value)))
        except (ValueError, RecursionError):
            found = None
        if len(self._json) > 2000:
            self._json.clear()
        self._json[data] = found
        return found

    def _value(self, chance: random.Random) -> Any:
        kind = chance.random()
        if kind < 0.45:
            return chance.choice(_VALUES)
        if kind < 0.8:
            return chance.choice(TEXTS)
        if kind < 0.83:
            return f"{_DEEP}{chance.choice(DEPTHS)}"
        if kind < 0.9:
            return (chance.choice(TEXTS)[:40] or "a") * chance.choice((2, 2, 2, 30, 30, 1000))
        other = self._parsed(chance.choice(chance.choice(self._lines)))
        if other is None:
            return chance.choice(_VALUES)
        value, paths = other
        return _at(value, chance.choice(paths))

    def _changed(self, data: bytes, chance: random.Random) -> bytes:
        """The bytes, some of them changed, cut out, doubled, repeated, or put in from elsewhere."""
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 1, 2, 4, 16, 200)))
        match chance.randrange(9):
            case 0:
                return data[:start]
            case 1:
                return data[:start] + data[end:]
            case 2:
                return data[:end] + data[start:]
            case 3:
                return data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
            case 4 if chance.random() < 0.03:
                piece = chance.choice((data[start:end], *chance.choices(_BYTES, k=2))) or b"a"
                times = chance.choice((100, 1000, LONG_BYTES // len(piece)))
                return data[:start] + piece * min(times, LONG_BYTES // len(piece)) + data[end:]
            case 5:
                other = chance.choice(self.samples)
                at = chance.randrange(len(other) + 1)
                return data[:start] + other[at : at + chance.choice((5, 50, 500))] + data[start:]
            case 6:
                lines = list(chance.choice(self._lines))
                chance.shuffle(lines)
                return data[:start] + b"\n".join(lines[:3]) + data[end:]
            case _:
                return data[:start] + chance.choice(_BYTES) + data[chance.choice((start, end)) :]


def _paths(value: Any, path: _Path = ()) -> Iterator[_Path]:
    """The way to each value within the value, itself included."""
    yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _paths(each, (*path, number))


def _at(value: Any, path: _Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _replaced(value: Any, path: _Path, new: Any, chance: random.Random) -> Any:
    """The value with another one at the end of the path, or without it, or with it under another name."""
    if not path:
        return new
    step, *rest = path
    copy: Any = value.copy()
    if rest:
        copy[step] = _replaced(value[step], tuple(rest), new, chance)
        return copy
    kind = chance.random()
    if kind < 0.1:
        del copy[step]
    elif isinstance(copy, list) and kind < 0.2:
        copy.insert(0, new)
    elif isinstance(copy, dict) and kind < 0.2:
        copy[str(new)[:50]] = copy.pop(step)
    else:
        copy[step] = new
    return copy


def _dumped(value: Any, chance: random.Random) -> bytes:
    text = json.dumps(value, ensure_ascii=chance.random() < 0.7)
    data = text.encode(errors="surrogatepass")
    deep = json.dumps(_DEEP)[1:-1].encode() if b"\\ue000" in data else _DEEP.encode()
    for depth in DEPTHS[::-1]:
        mark = b'"%s%d"' % (deep, depth)
        if mark in data:
            opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
            data = data.replace(mark, opening * depth + b"1" + closing * depth)
    return data

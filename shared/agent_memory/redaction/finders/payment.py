"""Numbers of cards and of bank accounts: by their checksums, so that hardly any other number is taken for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.patterns import lazily

# As they are printed on cards; the first digits say which kind it is.
_CARD: Final = lazily(
    r"(?<![\w.,:/+-])(?:"
    r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|[45]\d\d)|35\d\d)(?P<four>[ -]?)\d{4}(?P=four)\d{4}(?P=four)\d{4}"
    r"|3[47]\d\d(?P<six>[ -]?)\d{6}(?P=six)\d{5}"
    r"|3(?:0[0-5]|[689]\d)\d(?P<ten>[ -]?)\d{6}(?P=ten)\d{4}"
    r")(?![\w-]|[.,]\d)",
    re.ASCII,
)
_ACCOUNT: Final = lazily(
    r"(?<![\w-])([A-Z]{2})\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])", re.ASCII
)
# ISO 13616: how many characters an account's number has in each country.
_LENGTHS: Final = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV", "29": "BR EG PS QA UA", "30": "JO KW MU", "31": "MT SC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def payment_data(text: str) -> Iterator[Span]:
    """The numbers of cards and accounts in the text, in order."""
    yield from sorted([*_cards(text), *_accounts(text)])


def _cards(text: str) -> Iterator[Span]:
    for found in _CARD.finditer(text):
        digits = [int(character) for character in found[0] if character.isdigit()]
        if len(set(digits)) > 1 and _luhn(digits) % 10 == 0:
            yield *found.span(), "card-number"


def _luhn(digits: list[int]) -> int:
    """The sum of ISO/IEC 7812-1: every second digit from the right counts twice, as the sum of its own digits."""
    return sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])


def _accounts(text: str) -> Iterator[Span]:
    for found in _ACCOUNT.finditer(text):
        length = _LENGTHS.get(found[1])
        # A word in capitals may follow the number.
        end = length and _end_of(text, found.start(), length)
        if end and end <= found.end() and not text[end : end + 1].isalnum():
            number = re.sub(r"[ -]", "", text[found.start() : end])
            if int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1:
                yield found.start(), end, "iban"


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where so many letters and digits from `start` on end."""
    for place in range(start, min(start + 2 * length, len(text))):
        length -= text[place].isalnum()
        if not length:
            return place + 1
    return None

"""View of an examination: what the doctor found, the faults first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.browse.rows import BLANK, Row, row
from agent_memory.control.doctor.checks import Grade
from agent_memory.control.doctor.examination import Examination
from agent_memory.present.lines import Line, flow, line, plain
from agent_memory.present.text import counted

_STYLES: Final = {Grade.WRONG: "bold red", Grade.NOTE: "yellow", Grade.OK: "green"}
_SUBJECT_CELLS: Final = 12


def examination(found: Examination) -> Iterator[Row]:
    """The verdict, the findings with what to type, and the ledger's last days."""
    wrong = sum(each.grade is Grade.WRONG for each in found.findings)
    verdict = f"{counted(wrong, 'thing')} {'is' if wrong == 1 else 'are'} wrong." if wrong else "All is well."
    yield row(line(verdict, "bold red" if wrong else "bold green"))
    yield BLANK
    for grade, style in _STYLES.items():
        for each in found.findings:
            if each.grade is grade:
                head = f"{grade.value:<6} {plain(each.subject):<{_SUBJECT_CELLS}} "
                lines = [flow(head, " " * len(head), each.message, style if grade is not Grade.OK else "")]
                if each.remedy:
                    lines.append(flow(" " * len(head) + "-> ", " " * len(head) + "   ", each.remedy, "cyan"))
                yield row(*lines)
    if found.balances:
        yield BLANK
        yield row(line(_columns("DAY", "AGENT", "CAPTURED", "STORED", "REACHABLE"), "dim"))
    for balance in found.balances:
        numbers = (balance.captured, balance.stored, balance.reachable)
        is_even = len(set(numbers)) == 1
        yield row(_balance(balance.day, balance.agent, numbers, "" if is_even else "yellow"))


def _balance(day: str, agent: str, numbers: tuple[int, ...], style: str) -> Line:
    return line(_columns(day, plain(agent), *map(str, numbers)), style)


def _columns(day: str, agent: str, *numbers: str) -> str:
    return f"{day:<10}  {agent:<12}" + "".join(f"  {number:>9}" for number in numbers)

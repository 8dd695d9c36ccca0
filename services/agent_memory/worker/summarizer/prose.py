"""The language in a message: what people and agents said, without markup, code and the output of machines."""

from __future__ import annotations

import re

from agent_memory.worker.summarizer.text import HEAD_CHARS, ends

# Blocks that clients put into messages and that nobody said.
_MACHINE_TAGS = (
    "system-reminder", "system_reminder", "task-notification", "hook_context", "hook_prompt", "environment_context",
    "user_instructions", "local-command-stdout", "local-command-stderr", "command-message", "tool_result", "analysis",
    "thinking", "function_calls", "function_results", "document", "documents", "pasted_text", "attached_files",
)  # fmt: skip
_MACHINE_OPENING = re.compile(rf"<({'|'.join(_MACHINE_TAGS)})\b[^<>]{{0,200}}>")
_TAG = re.compile(r"(?<!\w)<[A-Za-z][\w:-]{0,40}(?:\s[^<>\n]{0,200})?/?>|</[A-Za-z][\w:-]{0,40}>|<!--")
# What stands in a prompt for a picture or a text that was put into it.
_PUT_IN = re.compile(r"\[(?:Image|Pasted text) #\d{1,4}[^\[\]\n]{0,40}\]")
_FENCE = re.compile(r"^[ \t>]{0,8}(```|~~~)[^`\n]*\n(?:.*?^[ \t>]{0,8}\1[`~]*[ \t]*$|.*\Z)", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
# Surrogates can't be written anywhere, and control and direction characters would play tricks on a terminal.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

_MARKER = re.compile(r"(?:[-*+•◦▪·–]|\(?\d{1,3}[.)]|#{1,6}|>{1,3}|\[[ xX]\])\s+")
_MACHINE_LINE = re.compile(
    r"""diff[ ]--git|@@[ ]|\+\+\+[ ]|---|index[ ][0-9a-f]{7}|Traceback[ ]\(|File[ ]"|at[ ][\w.$<>/]+[ ]?\(.*:\d+
    |\$[ ]|>>>|\#!|\||[{}]|"[\w$.-]+"\s*:|\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[-dlbcps][rwxsStT-]{9}|\d+[ ]?[|→│]
    |\S+:\d+:|\^+|[=~*_-]{4,}|npm[ ](?:ERR|WARN)|\[?(?:INFO|DEBUG|WARN|WARNING|ERROR|TRACE|FATAL)\b[\]:]
    |(?:\w+\.)*\w+(?:Error|Exception|Warning):[ ]|[~.\w-]*/[\w./~-]*$
    |(?:def|class|async)[ ]\S.*:$|(?:async[ ])?(?:def|fn|func)[ ]\w+\(|(?:from|import)[ ][\w.]+(?:[ ]import[ ].*|;)?$
    |\[Request[ ]interrupted
    |(?:let|const|var)[ ][\w$]+[ ]?=|[\w$.\[\]]+[ ]?[-+*/|&]?=[ ]?\S|[\w$.]+\([^()]*\);?$|return[ ][\w$.]+$
    |(?:for|while|if|switch|catch)[ ]?\(.*[){][ ]?\{?$|return[ ].*[;)\]}]$|SELECT[ ].*(?:,|[ ]FROM[ ])
    |(?:LEFT|INNER|CROSS)[ ]JOIN[ ]
    |(?:FROM|WHERE|JOIN|HAVING|LIMIT|VALUES|ORDER[ ]BY|GROUP[ ]BY)[ ][\w"(]
    |(?:import|class|return|const|let|var|function|public|private|package|using|export|SELECT|INSERT|UPDATE)[ ].*[;{(]$
    """,
    re.VERBOSE,
)
# A yml or json key with its value, where it is indented.
_KEY_LINE = re.compile(r"""-?[ ]?["']?[\w.-]{1,40}["']?:(?:[ ][^ ]+)?$|-[ ]["'][^"']*["']$""", re.VERBOSE)
_QUOTED = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_LICENSE_HINTS = ("licens", "copyright", "permission is hereby", "warranty")
_LICENSE = re.compile(
    r"^copyright (?:\(c\)|©|\d{4})|permission is hereby granted|the software is provided [\"“]as is|all rights reserved"
    r"|^licensed under the|redistributions? (?:and use )?(?:in|of) (?:source|binary)|without warranty|^mit license$"
    r"|^(?:apache|gnu [a-z ]*) licen[sc]e\b|spdx-license-identifier|free software foundation",
    re.IGNORECASE,
)
_SYMBOLS = {ord(symbol): None for symbol in "{}[]<>()=;|\\$#@_~^+&"}
SYMBOLS_MIN = 3  # fewer occur in any sentence about code
SYMBOL_SHARE_MAX = 0.16  # of a line's characters; prose with a path and a bracket stays below, code does not
UNSPACED_MAX = 60  # a longer line of ASCII without a blank is encoded data or a path
WRAPPED_MIN = 50  # a shorter line was ended by its writer, a longer one may have been wrapped

_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,600}(?:\s\"[^\"\n]{0,200}\")?\)")
_STRONG = re.compile(r"\*\*(?=\S)([^*\n]{1,400}?)(?<=\S)\*\*")  # not __: that is Python's
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*_\n]{1,400}?)(?<=\S)\1(?![\w*])")


def paragraphs(text: str) -> list[str]:
    """What is said in a message, a paragraph or list item each; empty when it holds only code and machine output.

    Of a licence nothing is said, nor of what is quoted with `>`, unless that is all there is.
    """
    parts = [_without_blocks(printable(text[start:end])) for start, end in ends(text)]
    found = [each for part in parts for each in _paragraphs(_QUOTED.sub("", part) if ">" in part else part)]
    if not found and ">" in text:
        found = [each for part in parts for each in _paragraphs(part)]
    small = text[:HEAD_CHARS].lower()
    if any(hint in small for hint in _LICENSE_HINTS):
        found = [each for each in found if not _LICENSE.search(each)]
    return found


def printable(text: str) -> str:
    """The text without what a terminal would act on and what can't be encoded."""
    return _UNPRINTABLE.sub("", _ESCAPE.sub("", text) if "\x1b" in text else text)


def bare(text: str) -> str:
    """The text on one line, without the markup around its words."""
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = text.replace("`", "")
    if "**" in text:
        text = _STRONG.sub(r"\1", text)
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(r"\2", text)
    return " ".join(text.split())


def _without_blocks(text: str) -> str:
    if " #" in text:
        text = _PUT_IN.sub(" ", text)
    if "<" in text:
        text = _TAG.sub(" ", _without_machine_blocks(text))
    if "```" in text or "~~~" in text:
        text = _FENCE.sub("\n\n", text)
    return text


def _without_machine_blocks(text: str) -> str:
    """Drops each block from its opening tag to its closing one, or to the end of the text where that is missing."""
    kept = []
    position = 0
    while opening := _MACHINE_OPENING.search(text, position):
        kept.append(text[position : opening.start()])
        closing = f"</{opening[1]}>"
        end = text.find(closing, opening.end())
        if end < 0:
            return "".join(kept)
        position = end + len(closing)
    return "".join(kept) + text[position:]


def _paragraphs(text: str) -> list[str]:
    found: list[str] = []
    run: list[str] = []
    for line in text.split("\n"):
        said = line.strip()
        if line.startswith(("  ", "\t")) and _KEY_LINE.match(said):
            said = ""
        marker = _MARKER.match(said)
        if not said or marker or _is_machine_line(line, said):
            found.append(" ".join(run))
            run = []
            item = said[marker.end() :] if marker else ""
            if item and not _is_machine_line("", item):
                run = [item]
            continue
        if run and (len(run[-1]) < WRAPPED_MIN or run[-1][-1] in ".!?:;…。！？"):
            found.append(" ".join(run))
            run = []
        run.append(said)
    found.append(" ".join(run))
    return [paragraph for paragraph in map(bare, found) if paragraph]


def _is_machine_line(line: str, said: str) -> bool:
    if _MACHINE_LINE.match(said):
        return True
    if len(said) > UNSPACED_MAX and said.isascii() and " " not in said:
        return True
    symbols = len(said) - len(said.translate(_SYMBOLS))
    if symbols < SYMBOLS_MIN:
        return False
    # Code is indented; so is what belongs to a list item, with fewer symbols.
    most = SYMBOL_SHARE_MAX / 2 if line.startswith(("    ", "\t")) else SYMBOL_SHARE_MAX
    return symbols > len(said) * most

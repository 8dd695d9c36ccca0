"""Typed text: a prompt without what editors and clients put around it.

Hooks and transcripts have different parts of that, so it is taken out wherever a prompt comes from. Only what stands
by itself before or behind the person's own words is taken out: a tag within a sentence or in a code fence was typed.
"""

from __future__ import annotations

import re
from typing import Final

_NOTES: Final = "|".join(
    (
        # What is open in the editor, and what is selected.
        *("ide_opened_file", "ide_selection", "ide_diagnostics", "open_and_recently_viewed_files", "attached_files"),
        # Notes of the client to its model.
        *("system-reminder", "system_reminder", "reminder", "current_datetime", "environment_context"),
        *("environment_details", "user_instructions", "session_context", "hook_context", "user_info"),
        *("user-prompt-submit-hook", "post-tool-use-hook", "browser_instruction", r"terminal(?=\s+name=)"),
        *("turn_aborted", "subagent_notification", "additional_context", "editorContext", "reminderInstructions"),
    )
)
# Around the person's own words, or around some that were pasted: they stay, and the tags go.
_WRAPPERS: Final = "user_query|user_prompt|userRequest|pasted_text|pasted-text|pasted_content|pasted-content"

_BEFORE: Final = re.compile(rf"\A\s*<({_NOTES})(?:\s[^<>\n]*)?>.*?</\1>[ \t]*(?:\n\s*|\Z)", re.DOTALL)
# Some put nothing between their note and the prompt; then its first words have to show whose it is.
_OPENED: Final = re.compile(
    r"\A\s*<(ide_opened_file|ide_selection)>The user (?:opened|selected) .*?</\1>\s*", re.DOTALL
)
_BEHIND: Final = re.compile(rf"(?:\A|\n)[ \t]*<({_NOTES})(?:\s[^<>\n]*)?>(?:(?!<\1[\s>]).)*</\1>\s*\Z", re.DOTALL)
_WRAPPER: Final = re.compile(rf"^[ \t]*<({_WRAPPERS})(?:\s[^<>\n]*)?>\n?", re.MULTILINE)
_LINE_END: Final = re.compile(r"[ \t]*(?:\n|\Z)")
_IDE_SETUP: Final = re.compile(
    r"\A\s*# Context from my IDE setup:.*?^## My request for Codex:[ \t]*\n?", re.DOTALL | re.MULTILINE
)
_INSTRUCTIONS: Final = re.compile(
    r"\A\s*# AGENTS\.md instructions for [^\n]*\n\s*<INSTRUCTIONS>.*</INSTRUCTIONS>\s*\Z", re.DOTALL
)
_FILES: Final = re.compile(r"\n--- Content from referenced files ---\n.*--- End of content ---\s*\Z", re.DOTALL)
# A terminal puts them around what is pasted.
_BRACKETED_PASTE: Final = re.compile(r"\x1b\[20[01]~")
# What clients say in the person's place to have the model go on.
_NUDGES: Final = frozenset({"System: Please continue."})
# Notes are as many as editors have kinds of them.
_NOTES_MAX: Final = 32


def typed(prompt: str) -> str:
    """The prompt without what no person typed; empty where nothing is left."""
    text = _BRACKETED_PASTE.sub("", prompt) if "\x1b[20" in prompt else prompt
    if text.strip() in _NUDGES:
        return ""
    for _ in range(_NOTES_MAX):
        rest = _without_a_note(text)
        if rest == text:
            break
        text = rest
    # A prompt that nothing was put around stays as it is, blanks and all.
    return text if text == prompt else text.strip()


def _without_a_note(text: str) -> str:
    if "<" in text:
        for note in (_BEFORE, _OPENED, _BEHIND):
            if found := note.search(text):
                return text[: found.start()] + text[found.end() :]
        text = _unwrapped(text)
    for note in (_IDE_SETUP, _INSTRUCTIONS, _FILES):
        if found := note.search(text):
            return text[: found.start()] + text[found.end() :]
    return text


def _unwrapped(text: str) -> str:
    """The text without the first pair of tags that wraps some of it."""
    opening = _WRAPPER.search(text)
    if opening is None:
        return text
    closing = f"</{opening[1]}>"
    end = text.find(closing, opening.end())
    if end < 0 or not _LINE_END.match(text, end + len(closing)):
        return text
    return text[: opening.start()] + text[opening.end() : end].removesuffix("\n") + text[end + len(closing) :]

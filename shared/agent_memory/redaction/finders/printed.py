"""Secrets that a command prints: what stands alone on the line below `pass show` or `terraform output -raw`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import has
from agent_memory.redaction.looks.values import is_constant, is_no_value, is_passphrase, is_stand_in
from agent_memory.redaction.patterns import lazily

_NAME: Final = r"[\w.$/:{@-]*(?i:pass|pw|secret|token|key|cred)"
# Each prints one secret, or is asked for one field: what RE2 looks for, and what may follow it.
_COMMANDS: Final = (
    (r"gcloud\s+secrets\s+versions\s+access", ""),
    (r"print-(?:access|identity)-token", ""),
    (r"aws\s+ssm\s+get-parameter", ""),
    (r"aws\s+secretsmanager\s+get-secret-value", ""),
    (r"aws\s+(?:ecr\s+get-login-password|codeartifact\s+get-authorization-token|rds\s+generate-db-auth-token)", ""),
    (r"(?:terraform|tofu|pulumi|terragrunt)\s+(?:stack\s+|config\s+)?(?:output|get)\s", rf"(?:-\S+\s+)*{_NAME}"),
    (r"get\s+secrets?\s", r"[^\n]{0,300}(?:base64|jsonpath|go-template)"),
    (r"base64\s+(?:-d|-D|--decode)", ""),
    (r"\bop\s+(?:read|item\s+get)\s", ""),
    (r"\b(?:vault|bao)\s+(?:kv\s+get|read|print)\s", r"[^\n]{0,200}(?:-field|token)"),
    (r"\b(?:go)?pass\s+(?:show\s+|-[co]\s+)?[\w.@-]+/", ""),
    (r"\b(?:go)?pass\s+show\s", ""),
    (r"\bbw\s+get\s+(?:password|totp|notes)", ""),
    (r"\blpass\s+show\s", ""),
    (r"az\s+(?:keyvault\s+secret\s+show|account\s+get-access-token|acr\s+credential\s+show)", ""),
    (r"security\s+find-(?:generic|internet)-password", ""),
    (r"secret-tool\s+lookup", ""),
    (rf"heroku\s+config:get\s+{_NAME}", ""),
    (r"\b(?:gh|glab|huggingface-cli|hf|fly|flyctl|doctl|npm)\s+(?:auth|config)\s+(?:token|get\s+\S*[tT]oken)\b", ""),
    (r"\boc\s+whoami\s+(?:-t|--show-token)", ""),
    (r"doppler\s+secrets\s+get", ""),
    (
        r"(?:chamber\s+read|credstash\s+get|berglas\s+access|infisical\s+secrets\s+get|keyring\s+get|sops\s+-d\s+--extract)\s",
        "",
    ),
    (r"openssl\s+rand\s", ""),
    (r"\b(?:pwgen|makepasswd)\b", ""),
    (
        r"artisan\s+key:generate\s+--show|\b(?:rails|rake)\s+secret\b|phx\.gen\.secret|secrets\.token_(?:hex|urlsafe)\(",
        "",
    ),
    (rf"\b(?:cat|head|less|more|tail|type|bat|echo|printenv|Write-Output)\s+[\"']?{_NAME}", ""),
)
# In every text that shows such a command, one of these is found.
PRINTING: Final = tuple(mark for mark, _ in _COMMANDS)
_has_mark: Final = has("|".join(PRINTING))
_PROMPT: Final = lazily("|".join(f"(?:{mark}){rest}" for mark, rest in _COMMANDS))
_LINE: Final = lazily(r"[ \t]*(?P<value>[!-~]{6,4096})[ \t]*\r?(?=\n|\Z)")
_MADE: Final = lazily(r"(?=[!-~]*[A-Za-z])(?=[!-~]*\d)")
_OTHER: Final = lazily(
    r"[~.]{0,2}/|https?:|[\w.-]+:$|[\w.-]+\.(?:go|py|js|ts|rs|md|txt|json|ya?ml|pem|crt|key)\b|[A-Za-z_][\w.-]*(?:[=(]|:(?![!-~]))|[#<{\[(/*-]|import\b|\d{4}-\d\d"
)


def printed(text: str) -> Iterator[Span]:
    """The secrets that stand alone on a line below the command that prints them, in order."""
    if not _has_mark(text):
        return
    done = 0
    for command in _PROMPT.finditer(text):
        line_end = text.find("\n", command.end())
        while line_end > 0 and text[line_end - 1] == "\\":
            line_end = text.find("\n", line_end + 1)
        if line_end < 0 or line_end < done:
            continue
        found = _LINE.match(text, line_end + 1)
        done = line_end + 1
        if found and _is_secret(found["value"]):
            yield *found.span("value"), "secret"


def _is_secret(value: str) -> bool:
    if is_stand_in(value) or is_no_value(value) or is_constant(value) or _OTHER.match(value):
        return False
    return len(set(value)) > 4 and (_MADE.match(value) is not None or is_passphrase(value))

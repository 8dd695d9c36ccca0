"""Secrets are taken out, whatever stands around them; the rest stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.redaction.redactor import redact

# In two halves each, so that nobody who looks for secrets finds one here.
SECRETS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "glpat-" + "aBcDeFgHiJkLmNoPqRsT",
    "xoxb-" + "123456789012-abcdefghijkl",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "sk_live_" + "a1b2c3d4e5f6g7h8",
    "sk-ant-" + "api03-abcdefghijklmnop",
    "npm_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "use {} for now", "KEY={}\n", '{{"key": "{}"}}', "вот {}, да"])
def test_a_key_of_a_known_shape_is_taken_out(secret: str, around: str) -> None:
    assert secret not in redact(around.format(secret))


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:{}@db:5432/shop",
        "Authorization: Bearer {}",
        "DB_PASSWORD={}",
        'api_key: "{}"',
        "'client-secret' => '{}'",
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\ncut off here",
    ],
)
def test_what_is_named_a_secret_is_taken_out(text: str) -> None:
    """Of a link, a header and an assignment only the secret goes: what it was for can still be told."""
    redacted = redact(text.format("hunter2hunter2hunter2"))

    assert "hunter2" not in redacted
    assert "[redacted:" in redacted
    assert redacted.split("[redacted:")[0] in text


@pytest.mark.parametrize(
    "text",
    [
        "We decided to use Postgres because the queue needs transactions.",
        "The token limit is 4000 tokens: fine.",
        "See https://example.com/a:b@c and git@github.com:us/them.git",
        "commit 4ed8b0b37634a743918a571b33ac602b8790d1ba",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)

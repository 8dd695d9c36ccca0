"""A value without quotes goes as a whole: what stands around it tells where it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.redaction.prefilter import may_contain_secret
from agent_memory.redaction.redactor import redact

WHOLE = (
    "password: {Gr4nite&9falls}",
    "password={Gr4nite;falls9}",
    "password = {Gr4nite;falls9}",
    "- password: {k1,Gr4nite&falls}",
    "export db_password={Qx7&Lm3vR9}",
    "pwd: {48213&5519}",
    "secret: {Qx7,Lm3vR9kt}",
    "password={b7<q4>m2}",
    "password={Qx7(Lm3)vR9}",
    "password={Qx7'Lm3vR9}",
    "Authorization: Bearer {qrs.tuv&wxy551840277}",
    "user: ann\npassword: {Gr4nite&9falls}\nport: 5432",
    "password: {Gr4nite&9falls} # of the old host",
    'the file says password: {Gr4nite&9falls} and "port: 1"',
    '{{"password": "{a&b<c>d}"}}',
    "password: {violet canyon harbor lantern}",
    "wifi_passphrase: {violet canyon harbor}\n",
)
ENDS = (
    "https://host.example/in?password={Gr4nite9}&next=home",
    "user=ann&password={Gr4nite9}&grant_type=password",
    "Server=db;Password={Gr4nite9};Persist Security Info=False",
    "Server=db;Password={Gr4nite9};",
    "open(password={Gr4nite9}, user=ann)",
    "open(password={Gr4nite9},user=ann)",
    "{{password:{Gr4nite9},user:ann}}",
    "password={Gr4nite9} && make",
    "[password={Gr4nite9}]",
    "<p>password={Gr4nite9}</p>",
)
NONE = (
    "password: the one you use for mail",
    "Password: required",
    "password: ask the admin",
    "password: never shared anywhere",
    "password: string, optional",
    "password: Array<u8>",
    "password: 8<=n<=20",
    "password: 8,16,32",
    "password: z.string().min(8),",
    "password = hash(word1)&&other;",
    "auth: md5,scram-sha-256",
    "secret = key1&0xff",
)


@pytest.mark.parametrize("text", WHOLE + ENDS)
def test_all_of_a_value_goes_and_nothing_else(text: str) -> None:
    """Signs within it belong to it, unless a further name and value follow them."""
    text = text.replace("{{", "\x01").replace("}}", "\x02")
    start, end = text.index("{"), text.index("}")
    before, value, after = (
        part.replace("\x01", "{").replace("\x02", "}")
        for part in (text[:start], text[start + 1 : end], text[end + 1 :])
    )

    redacted = redact(f"{before}{value}{after}")

    assert may_contain_secret(f"{before}{value}{after}".encode())
    assert (redacted.startswith(f"{before}[redacted:"), redacted.endswith(f"]{after}")) == (True, True)
    assert redacted.count("[redacted:") == 1


@pytest.mark.parametrize("text", NONE)
def test_what_only_has_such_signs_stays(text: str) -> None:
    """Types, rules, expressions and sentences about passwords are none."""
    assert redact(text) == text


@given(
    st.sampled_from(("password=", "db_password=", "password: ", "  password = ")),
    st.sampled_from(("k7Qmw3Zt", "Zt4wvB91", "R2d5pLkw8")),
    st.text("abcyzABY0189&,;!#~", min_size=2, max_size=24),
    st.sampled_from(("", "\n", "\nport: 5432\n")),
)
def test_nothing_of_a_value_at_the_end_of_a_line_stays(name: str, head: str, tail: str, after: str) -> None:
    """Whatever signs are in it: of a value without white space no three characters are left."""
    value = head + tail

    left = redact(f"{name}{value}{after}").removeprefix(name).removesuffix(after)

    before, marker, rest = left.partition("[redacted:password]")
    assert marker
    assert not before
    assert len(rest) <= 2 or not rest.strip(",;")

"""A secret is known by a word for one before it, however the two are written down, and by its own looks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.redaction.linear import places_of
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.spelling import surprise
from agent_memory.redaction.prefilter import may_contain_secret
from agent_memory.redaction.redactor import redact

MADE = "q7Lw2ZkV9xTbR4mJc8Nd"
# The secret stands in braces.
TOLD = (
    # However it is assigned, and whatever a person made up.
    "fwiw the root pw on that vm: {Gr4nite.Lake}",
    "user=bob pass={Lemon-41-tree}",
    "Login: mike / Passw: {Koala_88}",
    "Vault password: {Granite_willow21}",
    "? Database password: \u203a {C0b4lt!488}",
    "$ setx API_TOKEN {lynx-ginger-valley}",
    "ENV API_KEY {quartz77rose99}",
    "my $password = q({Juniper_pepper22});",
    "options.UseSqlServer(Server=.;User Id=sa;Password={Quartz 77!};);",
    "Enter passphrase for key '/home/dev/.ssh/id_ed25519': {lotus puffin silver}",
    "use {bridge bamboo tulip river} as passphrase for the gpg key",
    "password (it's the same on all three nodes): {harvest.bramble.raven.topaz}",
    "A temporary password is generated for root@localhost: {6F-=yshb~c7G}",
    'password = """{bonsai_sunshine_willow_kestrel}"""',
    # Plain words.
    "Password is {banana}, all lower case",
    "The wifi is AcmeGuest and the password is {sunflower}",
    "das WLAN-Passwort lautet {Regenbogen}",
    "Password    : {lantern}",
    "account default\nhost smtp.acme.dev\nuser mailer\npassword {dragonfly}",
    # Whatever signs it has.
    "DB_PASSWORD={(paren)[b]7}\nDB_HOST=localhost",
    "admin_password: {a'b\"c7K!}\nport: 80",
    'password: "{Blue; Moon 42!}"',
    # On the next line.
    "Password for the elastic user:\n  {bx=pYTB*2n5xugJS-BwL}",
    "read -r TOKEN <<'EOF'\n{b86359e79472bacd88b51eabdacf4cc82abbdd95d10c4dc0}\nEOF",
    'variable "db_password" {{\n  default = "{ember23}"\n}}',
    "- name: ADMIN_PASSWORD\n  value: {Ch3rry$88}",
    # In other languages.
    "DBのパスワード：{meadow-cobalt-cricket}",
    "クライアントシークレットは {pEHyQltZsYtOcLeEEAiEPSfaI5ZlebYd} です",
    "密码是 {granite-glacier-umber}",
    "пароль от базы: {Solnce77}",
    "비밀번호는 {gaeguri77!} 입니다",
    "la clé d'API est {62e7bf8e0b6c72c5075d2cbb54825f8b}",
    "Le jeton d'accès : {mChbIrDiZxaRp9lGbMG7xv4D98QRvA1k}",
    "das Admin-Passwort für Staging heißt {Tulip#131}",
    # Codes.
    "código de la alarma: {9526}",
    "暗証番号は {3698} です",
    "您的验证码是 {364453}，5分钟内有效",
    "BitLocker recovery key: {381259-573084-499425-702955-369899-606685-405684-450264}",
    # What programs are given.
    "jwt.sign({{ id: user.id }}, '{XHQ7jtyQTTkbh}', {{ expiresIn: '1h' }})",
    'ks.load(in, "{psvZS4ql9NnBF5An1dgjW}".toCharArray());',
    "az sql server create -n s1 -u sqladmin -p {JOLtmY4oWKqdRNO6ejznHATo}",
    "jdbc:oracle:thin:scott/{Meadow-40}@ora.acme.io:1521:XE",
    'db, err := sql.Open("mysql", "app:{geSPjD6vTzRXWi7Z}@tcp(db.acme.io:3306)/shop")',
    'authorization: Hawk id="dh37", nonce="j4h3g2", mac="{eOPI0pVS+sBmdXzdjvHMpepvWjvgVBbJLJLIxMHJdZL=}"',
    "> Authorization: Splunk {ec2418f8-cfb1-48e5-af02-c8a08fa3aa45}",
    "magic link: https://app.acme.io/login/magic?t={fMzcJyTDS99Z6_jYrO_9-QC4JMSFhH2ZUOoeFP60}",
)
NOT_TOLD = (
    "github.com/golang-jwt/jwt/v5 v5.2.1 h1:Nn6KsKhZrdP8nLkcJS3+vzeybsnNHtFMNgy7Y96DWyc=",
    '<img alt="key" src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAA30fyKeuv1ObeYSyR3b8GtY1yYYzoPJSBh1hBC5">',
    'mail._domainkey IN TXT "v=DKIM1; k=rsa; p=lp0wVJQbB1Qk/JhAkDIWYvXF9pu+wCzEg2l0DyPd6XYkKjNHe3h/JlhMZMip"',
    '{"keys": [{"kty": "RSA", "kid": "k0", "n": "PRAfTSAjqpxyW5dF9J9lnAN0YAGJe35Y47ykybp-VIzcSR3SxdJ1PFNr0N7x"}]}',
    "cache key v2-linux-3f0c2d97be14c61a0b2f",
    '"session_id": "9d1a7467-731f-4950-9e83-1031af4bd6f9"',
    "A JWT has three parts: header.payload.signature, each base64url encoded.",
    "--- PASS: TestOIDEqualASN1OID (0.00s)",
    "The password is required. La contraseña es incorrecta. Das Passwort ist falsch. A senha é inválida.",
    "ii  passwd    1:4.13+dfsg1-1+deb12u1    amd64    change and administer password and group data",
    '"passphrase": "Passphrase (optional)"',
    "password: Array<u8>\npassword: 8<=n<=20",
    "DB_PASSWORD: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db",
    "for key in ['msvs_precompiled_header', 'msvs_precompiled_source', 'test']:",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZBAr01Lt2L2wS5p6gh6bVViQ\n",
    "error code: 4041, the security code path was changed in 2023",
    "npm install passport-jwt@4.0.1 jsonwebtoken@9.0.2",
    "password_field = driver.find_element(By.ID, 'password-input-1')",
)


@pytest.mark.parametrize("sample", TOLD)
def test_what_a_word_tells_is_taken_out_and_seen_at_a_glance(sample: str) -> None:
    parts = re.fullmatch(
        r"(?P<before>(?:[^{}]|\{\{|\}\})*)\{(?P<secret>[^{]*?)\}(?P<after>(?:[^{}]|\{\{|\}\})*)", sample
    )
    assert parts
    before, secret, after = (part.replace("{{", "{").replace("}}", "}") for part in parts.groups())
    text = before + secret + after

    public = redact(text)

    assert re.fullmatch(f"{re.escape(before)}\\[redacted:[a-z-]+\\]{re.escape(after)}", public), public
    assert may_contain_secret(text.encode())


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_is_explained_otherwise_stays(text: str) -> None:
    assert redact(text) == text


@given(
    st.sampled_from(
        ("password", "API_TOKEN", "client-secret", "Passwort", "signing key", "mot de passe", "\u5bc6\u7801")
    ),
    st.sampled_from((": ", "=", " = ", " => ", ' = "', " is ", ":\n  ", " \u2192 ", "\uff1a", " ist ", "\t| ")),
)
def test_no_way_to_write_it_down_hides_what_a_generator_made(name: str, sign: str) -> None:
    assert MADE not in redact(f"see here\n{name}{sign}{MADE}\nand more")


@pytest.mark.parametrize(
    ("value", "like"),
    [
        (MADE, Likeness.MADE),
        ("eevi2d.smrodacppooswsim", Likeness.MADE),
        ("TgREmcqiHyXxXQOXBTYDaghbnf", Likeness.MADE),
        ("Umber_juniper82", Likeness.CHOSEN),
        ("Gr4nite!Lake", Likeness.CHOSEN),
        ("harbor-lagoon-quartz", Likeness.CHOSEN),
        ("47b56c02c47b28932a5afc285ad1d4681abbc924", Likeness.CHOSEN),
        ("lantern", Likeness.WORD),
        ("getElementById", Likeness.NONE),
        ("testEd25519PrivateKey", Likeness.NONE),
        ("user-password-field", Likeness.NONE),
        ("eu-west-1", Likeness.NONE),
        ("utf8mb4", Likeness.NONE),
        ("bob@example.com", Likeness.NONE),
        ("required", Likeness.NONE),
    ],
)
def test_a_value_has_looks_of_its_own(value: str, like: Likeness) -> None:
    assert likeness(value) == like


def test_letters_of_words_surprise_less_than_those_of_chance() -> None:
    words = (
        "getElementById",
        "Sonnenblume",
        "obligatoire",
        "user_password_field",
        "contrasenya",
        "InterruptedException",
    )
    made = ("TgREmcqiHyXxXQ", "KRPXDGOFMJADF", "yQfJWERsmQIrSTvF", "smrodacppooswsim", "x7Kq9Zw2LmPv")

    assert max(map(surprise, words)) < min(map(surprise, made))
    assert surprise("") == surprise("\u5bc6\u7801") == 0.0 or surprise("\u5bc6\u7801") < 3


@given(st.text(alphabet="ab\u00e9\u5bc6\U0001f600 K\ud800", max_size=30))
def test_places_in_a_text_are_those_of_its_characters(text: str) -> None:
    expected = [found.span() for found in re.finditer("a+b|\u5bc6", text)]

    assert list(places_of("a+b|\u5bc6")(text)) == expected

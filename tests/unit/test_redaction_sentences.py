"""A password is known in a sentence that is about getting in, in whatever order and language it tells it."""

from __future__ import annotations

import re

import pytest

from agent_memory.redaction.prefilter import may_contain_secret
from agent_memory.redaction.redactor import redact

# The passwords stand in braces.
TOLD = (
    # By their looks, near a word for getting in.
    "Connect with sa and {Wint3r!sComing} on port 1433",
    "No, I mistyped it: not {Quokka_1987} but {Quokka_1988}, please try again",
    "I forgot, was it {Pelican_43} or {Pelican_34} for the printer login?",
    "pour te connecter au serveur : root / {Baleine_bleue8}",
    "F\u00fcr den Zugang nimm bitte mueller und dazu {Kirschbaum!5}",
    "Los credenciales de la c\u00e1mara: root/{Girasol2020}",
    "btw the ftp creds from the old docs still work (ftpuser:{Mangrove77})",
    "sudo \u7684\u65f6\u5019\u8f93 {xiongmao123} \u5c31\u53ef\u4ee5\u4e86",
    "Pide la contrase\u00f1a del usuario deploy.\nUser: {RockyTierra74}\nGracias.",
    # Plain words and phrases, where nothing but a password stands.
    "My sudo password on that laptop: {artichoke}. Just run the update please.",
    "Das Passwort von der Testdatenbank war glaube ich {Gartenzwerg}",
    "und als Kennwort hab ich {Erdbeerkuchen} genommen",
    "para sudo escribe {naranja} y dale enter",
    "Mon mdp c'est {papillon}, je sais c'est nul",
    "Mein Masterpasswort lautet \u201e{Drei alte F\u00fcchse bellen}\u201c",
    "Mi frase de paso del disco es {cuatro gatos en el tejado}, toda en min\u00fasculas.",
    "F\u00fcr den Drucker nimmst du die Nummer {090414} als Kennwort.",
    "Pour le wifi du bureau : r\u00e9seau Atelier-5G, cl\u00e9 {croissant.au.beurre}",
    "\u5408\u8a00\u8449\u306f{\u3072\u3089\u3051\u3054\u307e}\u3067\u3059\u3002",
)
NOT_TOLD = (
    'Ticket OPS-2136: "Passwort-Reset geht nicht", assigned to Sven',
    'WLAN: connected to "Speedy!Box 7590", security WPA2, key not shown',
    "The login page needs Base64Encoder and OAuth2Client, see auth/login.ts",
    "I logged in to build-runner-07 and restarted the service",
    "The user Story-42 describes the login flow for iPhone15 users",
    "Login fails on Ubuntu 22.04 with Python3.11 and Django4.2, works on Debian12",
    "The test user test_user_42 can't log in after migration 0042_add_index",
    "le compte de service s'appelle svc-backup-01 et tourne sur serveur-paris-2",
    "sudo apt install libssl3 python3-venv g++-12 clang-15",
    "The login endpoint returns HTTP401 when the Retry-After header exceeds 30s",
    "changed the default branch from master to release-2024-05, users must log in again",
    "When the user types Ctrl+Shift+P the palette opens; login isn't needed",
    "Passwort ge\u00e4ndert, funktioniert jetzt. Danke!",
    "Enter passphrase for key '/home/dev/.ssh/id_ed25519': ",
    "\u30ed\u30b0\u30a4\u30f3\u306fOAuth2.0\u3092\u4f7f\u3044\u3001Chrome120\u3067\u78ba\u8a8d\u3057\u307e\u3057\u305f\u3002",
)


@pytest.mark.parametrize("sample", TOLD)
def test_what_a_sentence_tells_is_taken_out_and_seen_at_a_glance(sample: str) -> None:
    text = re.sub(r"[{}]", "", sample)

    assert redact(text) == re.sub(r"\{[^{}]*\}", "[redacted:password]", sample)
    assert may_contain_secret(text.encode())


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert redact(text) == text

"""The words that say that something is a secret, in the languages people write."""

from __future__ import annotations

from typing import Final

# The word for a password, in one language after the other.
WORDS_IN_LATIN: Final = (
    "passwor[dt]|passwd|losungswort|codewort|frase de paso|frase d.acc|phrase de passe|phrase secr|passw\\b|"
    "passwrd|pswd|\\bpsw\\b|community string|pass ?(?:phrase|code)|"
    "passord|kennwort|zugangscode|mot de passe|\\bmdp|contrase[\u00f1n]a|"
    "clave|senha|"
    "palavra[- ]passe|parola|wachtwoord|kodeord|adgangskode|l[o\u00f6]senord|salasana|has[l\u0142][oa]\\b|heslo|"
    "jelsz[o\u00f3]|"
    "[s\u015f]ifre\\b|kata sandi|m\u1eadt kh\u1ea9u|wi-?fi[ -]?(?:key|code)|wlan[ -]?(?:key|code|"
    "schl\u00fcssel)|"
    "netzwerkschl\u00fcssel|cl\u00e9 (?:du )?wi-?fi|(?:gate|alarm|safe) code|zugangscode|code d['\u2019]acc\u00e8s"
)
WORDS_IN_OTHER_LETTERS: Final = (
    "\u043f\u0430\u0440\u043e\u043b\u044c|\u30d1\u30b9\u30ef\u30fc\u30c9|"
    "\u6697\u8a3c\u756a\u53f7|\u5bc6\u7801|\u5bc6\u78bc|\u53e3\u4ee4|\ube44\ubc00\ubc88\ud638|\uc554\ud638|"
    "\u05e1\u05d9\u05e1\u05de\u05d4|\u0643\u0644\u0645\u0629 \u0627\u0644\u0645\u0631\u0648\u0631"
)
# In what programs print these two stand for other things as well.
_SHORT: Final = r"\bpwd?\b|[a-z_]pw\b"
LONG_PASSWORD_WORDS: Final = f"{WORDS_IN_LATIN}|{WORDS_IN_OTHER_LETTERS}"
# Codes that open something, as words and in names.
_CODES: Final = (
    "(?:recovery|backup|access|unlock|door|gate|alarm|safe|entry|security|activation|invitation|invite|pairing|setup|"
    "verification|one-time|login|admin|reset|master|licen[cs]e|vpn|wi-?fi)[ _-]?(?:code|key|number)"
)
KEYS: Final = (
    "schl\u00fcssel|cl\u00e9|jeton|llave|chiave|chave|sleutel|geheim|\u043a\u043b\u044e\u0447|\u0442\u043e\u043a\u0435\u043d|"
    "\u0441\u0435\u043a\u0440\u0435\u0442|\u30ad\u30fc|\u30c8\u30fc\u30af\u30f3|\u30b7\u30fc\u30af\u30ec\u30c3\u30c8|"
    "\u5bc6\u94a5|\u5bc6\u9470|\u4ee4\u724c|\ud0a4|\ud1a0\ud070"
)
# For a password, whatever word it is made of.
SURELY_FOR_PASSWORD: Final = (
    f"{LONG_PASSWORD_WORDS}|\u5408\u3044?\u8a00\u8449|\u30d1\u30b9\u30d5\u30ec\u30fc\u30ba|"
    r"securestring|basic auth|\bp/w\b"
)
FOR_PASSWORD: Final = f"{SURELY_FOR_PASSWORD}|{_SHORT}"
# What a program gives its secret to.
USERS: Final = r"\bjwt\b|hmac|fernet|totp"
# `pass` is a word like others, unless it is a name with a value.
NAMED_PASS: Final = r"pass[\"'`\\]*\s?[:=]"
FOR_SECRET: Final = (
    rf"{FOR_PASSWORD}|{NAMED_PASS}|{_CODES}|{USERS}|secret|token|credential|\bcreds?\b|key|cookie|"
    rf"session[_ -]?id|\bauth|bearer|_pat\b|"
    rf"pat[\"'`]\s?:|_seed\b|otp|magic link|{KEYS}"
)

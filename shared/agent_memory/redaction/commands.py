"""Passwords that no name stands before: on command lines (`mysql -pX`, `sshpass -p X`), in SQL and in .netrc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.linear import search_for
from agent_memory.redaction.shapes import Span
from agent_memory.redaction.values import is_strong, is_wordy

_QUOTE: Final = r"\\{0,3}[\"']"
_VALUE: Final = (
    rf"(?:{_QUOTE}(?P<quoted>[^\"'\r\n\\]{{1,256}})(?=\\{{0,3}}[\"'])|(?P<bare>[^\s\"'\\;|&<>()`]{{3,256}}))"
)
_WORD: Final = r"[\"']?[\w.@/+-]{1,128}[\"']?"

# What stands in every text with that command, the programs, and what their options look like before the password.
_COMMANDS: Final = tuple(
    (
        marks,
        re.compile(rf"(?:{program})(?:\.exe)?(?=\s)"),
        re.compile(rf"(?<=\s)(?:{options}){_VALUE}" if options else rf"\s+{_VALUE}"),
    )
    for marks, program, options in (
        (
            ("mysql", "mariadb", "mycli"),
            r"mysql[a-z_-]*|mariadb[a-z_-]*|mycli",
            r"-p",
        ),  # behind a space stands the database
        (("sshpass",), r"sshpass", r"-p\s*"),
        (("redis-cli", "valkey-cli", "keydb-cli"), r"redis-cli|valkey-cli|keydb-cli", r"(?:-a|--pass)\s+"),
        (
            ("htpasswd",),
            r"htpasswd",
            rf"-(?=\w*n)\w*b\w*\s+{_WORD}\s+|-(?!\w*n)\w*b\w*\s+(?:-\w+\s+)*{_WORD}\s+{_WORD}\s+",
        ),
        (
            ("curl", "wget", "http -", "https -", "xh -"),
            r"curl|https?|xh|wget",
            r"(?:-[a-zA-Z]{0,6}[uUa]|--(?:proxy-)?user|--auth)[\s=]{0,2}(?:\\{0,3}[\"'])?[^\s:\"'/]{0,64}(?:\\{0,3}[\"'])?:",
        ),
        (("openssl",), r"openssl", r"-pass(?:in|out|word)?\s+[\"']?pass:|-[kK]\s+(?![0-9a-fA-F]{32})"),
        (("zip -", "zipcloak"), r"zip|unzip|zipcloak", r"-P\s*"),
        (("7z ", "7za ", "7zz ", "7zr ", " rar ", "unrar "), r"7z[arz]?|rar|unrar", r"-h?p"),
        (
            ("smbclient", "smbget", "smbmap", "rpcclient", "net rpc", "net ads"),
            r"smbclient|rpcclient|smbget|smbmap|net\s+(?:rpc|ads)",
            r"-U\s*[\"']?[^\s%\"']{1,64}%",
        ),
        (("ldap",), r"ldap(?:search|modify|add|delete|passwd|whoami|compare)", r"-w\s*"),
        (
            (" login ",),
            r"(?:docker|podman|helm|nerdctl|oras|skopeo|buildah|crane|az|cf|oc|argocd|gcrane)(?:\s+\w+)?\s+login",
            r"-p\s*",
        ),
        (
            ("mongo", "cqlsh", "cypher-shell", "ncftp", "hydra", "evil-winrm"),
            r"mongo(?:sh|dump|restore|export|import|stat)?|cqlsh|cypher-shell|ncftp(?:put|get)|hydra|evil-winrm",
            r"-p\s*",
        ),
        (
            ("crackmapexec", "nxc", "netexec", "freerdp", "rdesktop", "racadm", "imapsync"),
            r"crackmapexec|nxc|netexec|xfreerdp\d?|rdesktop|racadm|imapsync",
            r"-p\s+|/p:",
        ),
        (
            ("sqlcmd", "bcp ", "osql", "isql", "tsql", "ipmitool", "mosquitto"),
            r"sqlcmd|bcp|osql|isql|tsql|ipmitool|mosquitto_(?:pub|sub)",
            r"-P\s*",
        ),
        (("sexec", "SEXEC"), r"(?i:psexec(?:64)?)", r"-p\s+"),
        (("twine", "poetry", "hatch"), r"twine|poetry|hatch", r"(?:-p|--password)[\s=]"),
        (("schtasks", "wmic", "cmdkey", "net user"), r"schtasks|wmic|cmdkey", r"/(?:rp|p|password|pass):?\s*"),
        (("net user",), r"net\s+user", rf"{_WORD}\s+(?!/)"),
        (("plink", "pscp", "psftp", "putty "), r"plink|pscp|psftp|putty", r"-pw\s+"),
        (("lftp",), r"lftp", r"(?:-u|--user)\s+[\"']?[^\s,\"']{1,64},"),
        (("ssh-keygen",), r"ssh-keygen", r"-[NP]\s+"),
        (("rabbitmqctl",), r"rabbitmqctl\s+(?:add_user|change_password)", rf"{_WORD}\s+"),
        (("set-initial-password",), r"set-initial-password", r""),
        (
            (" config set", " configure set", " config --", " config http"),
            r"(?:aws|npm|yarn|pnpm|git|composer|poetry|pip)\s+config(?:ure)?",
            r"[\w./:-]*(?:secret|[tT]oken|pass|_auth)\w*\s+",
        ),
        (("mc alias", "mc config"), r"mc\s+(?:alias\s+set|config\s+host\s+add)", rf"{_WORD}\s+https?://\S+\s+\S+\s+"),
        (("/user:",), r"net\s+use", r"/user:\S+\s+|\\\\\S+\s+(?=\S+\s+/user:)"),
        (("wpa_passphrase",), r"wpa_passphrase", rf"{_WORD}\s+"),
        (("nmcli",), r"nmcli", r"(?:password|wifi-sec\.psk|802-11-wireless-security\.psk)\s+"),
        (("sqlplus",), r"sqlplus", r"(?:-[sSL]\s+)*[\"']?\w{1,30}/(?=[^\s/]{3,64}@)"),
    )
)
# The same in one look: nearly no text has any of them.
_MARKED: Final = search_for("|".join(re.escape(mark) for marks, _, _ in _COMMANDS for mark in marks))
PIPED: Final = r"chpasswd|sudo\s-|-stdin|cryptsetup|\blogin\b|secret\sset|kinit|smbpasswd"
NETRC: Final = (
    r"(?:login|account|machine)(?:\s|\\)+\S+(?:\s|\\)+(?:n\S*\s+)?password|default(?:\s|\\)+(?:\S+\s+\S+\s+)?password"
)
SQL: Final = r"(?i:identified\s+(?:by|as|with)|password(?:\s+for\s+\S+)?[\s=(]*(?:password\s*\()?\s*')"
_MARKED_PIPE: Final = search_for(PIPED)
_MARKED_NETRC: Final = search_for(NETRC)
_MARKED_SQL: Final = search_for(SQL)
# What is handed over with the name of a user, without a name of its own.
PAIRS: Final = (
    r"(?:NetworkCredential|DirectoryEntry|BasicAuth|DigestAuth|BasicCredentials?|PasswordCredentials?|PasswordAuthenticator|"
    r"BasicAuthToken|\.login|\bauth\s*=|\.auth|set_basic_auth|SecureString)\s*\(?|(?i:\b(?:id|user|username|login|account|usr)\s?/\s?(?:pw|pass))"
)
_MARKED_PAIR: Final = search_for(PAIRS)
_PAIR: Final = re.compile(
    r"(?:NetworkCredential|DirectoryEntry\([^,\n]{1,128},|BasicAuth|DigestAuth|BasicCredentials?|PasswordCredentials?|PasswordAuthenticator|"
    r"BasicAuthToken|\.login|\bauth\s?=\s?|\.auth|set_basic_auth)[\s(]{1,16}[\"'][^\"'\n]{1,128}[\"']\s*,\s*[\"'](?P<quoted>[^\"'\r\n]{3,256})[\"'](?P<bare>)"
)
_PAIR_OF_WORDS: Final = re.compile(
    r"\b(?:id|user|username|login|account|usr)\s?/\s?(?:pw|pass(?:word|wd)?|pwd)\s?[:=(-]?>?\s?[\w.@+-]{1,64}\s?[/:]\s?(?P<bare>[^\s\"'`,;()<>]{6,64})(?P<quoted>)",
    re.IGNORECASE,
)
_SECURE_STRING: Final = re.compile(
    r"ConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<quoted>[^\"'\r\n]{3,256})[\"'](?P<bare>)", re.IGNORECASE
)
# In every text that holds such a password, one of these is found.
COMMANDS: Final = (*sorted({re.escape(mark) for marks, _, _ in _COMMANDS for mark in marks}), PIPED, NETRC, SQL, PAIRS)
_COMMAND_MAX: Final = 600
# A command ends with its line, unless a backslash says that it goes on.
_COMMAND: Final = re.compile(rf"(?:[^\n|;&\\]|\\[\s\S]|&(?!&)){{0,{_COMMAND_MAX}}}")
# What a program is given on its standard input.
_PIPED: Final = re.compile(
    rf"(?:echo|printf)\s+(?:-\w+\s+)?(?:{_QUOTE}(?:%s\\n{_QUOTE}\s+{_QUOTE})?(?:[\w.-]+:)?(?P<quoted>[^\"'\r\n\\]{{3,256}})(?:\\+n)?{_QUOTE}|"
    rf"(?:[\w.-]+:)?(?P<bare>[^\s\"'\\;|&<>()`:]{{3,256}}))\s*\|\s*(?:sudo\s+)?"
    r"(?:chpasswd|sudo\s+(?:-\w+\s+)*-S|sudo\s+-\w*S|passwd\s+--stdin|cryptsetup|(?:docker|podman|helm|crane|oras)\s[^\n|;]{0,100}--password-stdin|"
    r"gh\s+auth\s+login|gh\s+secret\s+set|kinit|vault\s+login|smbpasswd)"
)
_GAP: Final = r"(?:\s|\\{1,2}[nrt])+"
_NETRC: Final = re.compile(
    rf"(?:\bmachine{_GAP}\S+{_GAP}(?:login{_GAP}[\w.@+^-]{{1,128}}{_GAP})?(?:account{_GAP}\S+{_GAP})?|\blogin{_GAP}[\w.@+^-]{{1,128}}{_GAP}(?:account{_GAP}\S+{_GAP})?)"
    r"password(?:\s|\\{1,2}[nrt])+\\{0,3}[\"']?(?P<bare>[^\s\"'\\]{3,256})"
)
# What a database is told about its users.
_SQL: Final = re.compile(
    r"\b(?:identified\s+(?:with\s+\S{1,64}\s+)?(?:by|as)|(?:with|encrypted|set|role\s+\S{1,64}|user\s+\S{1,64})\s+password"
    r"(?:\s+for\s+\S{1,128})?(?:\s*=\s*(?:password\s*\()?)?)\s*'(?P<quoted>[^'\r\n]{3,256})'(?P<bare>)",
    re.IGNORECASE,
)
_STAND_IN: Final = re.compile(
    r"[$%{<\[*@,;)\]}+\s]|\.{2,}|x{3,}\Z|-|(?:my|your|the|some|new|old)?[-_]?(?:pass(?:word|wd|phrase|code)?|pw|pwd|secret|token|value|string)\d?\Z|"
    r"\w*(?:_here|_goes_here)\Z|(?:changeme|password)\b|stdin\Z|test\Z|yyy|zzz|https?://|(?:\\{0,3}[\"'])?\s|file:|env:|fd:",
    re.IGNORECASE,
)
_CAPITALS: Final = re.compile(r"[A-Z][A-Z_-]{2,}\Z")


def passwords_in_commands(text: str) -> Iterator[Span]:
    """The passwords that programs are given as arguments or on standard input, and those of a .netrc, in order."""
    yield from sorted(_found(text))


def _found(text: str) -> Iterator[Span]:
    content = text.encode("utf-8", "surrogatepass")
    if _MARKED(content, 0, len(content)):
        yield from _given(text)
    if "|" in text and _MARKED_PIPE(content, 0, len(content)):
        yield from _values(_PIPED.finditer(text))
    if _MARKED_NETRC(content, 0, len(content)):
        yield from _values(_NETRC.finditer(text))
    if _MARKED_PAIR(content, 0, len(content)):
        yield from (span for span in _values(_PAIR.finditer(text)) if not _is_word(text[span[0] : span[1]]))
        yield from (span for span in _values(_PAIR_OF_WORDS.finditer(text)) if is_strong(text[span[0] : span[1]]))
        yield from _values(_SECURE_STRING.finditer(text))
    if _MARKED_SQL(content, 0, len(content)):
        yield from _values(_SQL.finditer(text))


def _given(text: str) -> Iterator[Span]:
    """The passwords in the options of programs."""
    for marks, program, options in _COMMANDS:
        if any(mark in text for mark in marks):
            calls = [each for each in program.finditer(text) if _is_word_of_its_own(text, each.start())]
            # Where it is called again, another command begins.
            ends = [*(each.start() for each in calls[1:]), len(text)]
            for called, end in zip(calls, ends, strict=False):
                command = _COMMAND.match(text, called.end(), end)
                yield from _values(options.finditer(text, called.end(), command.end() if command else called.end()))


def _is_word_of_its_own(text: str, place: int) -> bool:
    """Whether what begins there is no end of a longer word, which is another program, or none."""
    before = text[place - 1 : place]
    return not before.isalnum() and before not in ("-", "_", ".")


def _values(found: Iterator[re.Match[str]]) -> Iterator[Span]:
    for match in found:
        group = "bare" if match["bare"] else "quoted"
        value = match[group]
        if not (_is_stand_in(value)):
            yield *match.span(group), "password"


def _is_word(value: str) -> bool:
    return value.isalpha() and is_wordy(value)


def _is_stand_in(value: str) -> bool:
    return _STAND_IN.match(value) is not None or _CAPITALS.match(value) is not None

"""Passwords that no name stands before: on command lines (`mysql -pX`, `sshpass -p X`), in SQL and in .netrc."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from agent_memory.redaction.finders.shapes import Span
from agent_memory.redaction.linear import found_of
from agent_memory.redaction.looks.likeness import Likeness, likeness
from agent_memory.redaction.looks.passwords import is_plain_word
from agent_memory.redaction.looks.values import is_strong
from agent_memory.redaction.patterns import lazily

_QUOTE: Final = r"\\{0,3}[\"']"
_VALUE: Final = (
    rf"(?:{_QUOTE}(?P<quoted>[^\"'\r\n\\]{{1,256}})(?=\\{{0,3}}[\"'])|(?P<bare>[^\s\"'\\;|&<>()`]{{3,256}}))"
)
_WORD: Final = r"[\"']?[\w.@/+-]{1,128}[\"']?"

# What stands in every text with that command, the programs, and what their options look like before the password.
_COMMANDS: Final = tuple(
    (
        marks,
        lazily(rf"(?:{program})(?:\.exe)?(?=\s)"),
        lazily(rf"(?<=\s)[\"']?(?:{options}){_VALUE}" if options else rf"\s+{_VALUE}"),
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
        (
            ("secret set", "secrets set", "variable set"),
            r"(?:gh|glab)\s+(?:secret|variable)s?\s+set",
            r"(?:-b|--body|-v|--value)[\s=]",
        ),
        (("altool", "notarytool", "stapler"), r"altool|notarytool|iTMSTransporter", r"(?:-p|--password)\s+"),
        (
            (
                "cargo login",
                "snyk auth",
                "ngrok ",
                "vault login",
                "vault unseal",
                "unseal ",
                "rclone obscure",
                "openssl passwd",
                "login --with-token",
            ),
            r"(?:cargo|vault|bao)\s+login|snyk\s+auth|ngrok\s+(?:config\s+add-)?authtoken|(?:vault|bao)\s+operator\s+unseal|rclone\s+obscure|openssl\s+passwd",
            r"(?:-\S+\s+)*(?=[^\s=]*\d)(?![^\s=]*=)",
        ),
        (("security ", "keychain"), r"security", r"(?:-w|-p|-P)\s+"),
        (("ldappasswd", "kadmin", "addprinc"), r"ldappasswd|kadmin(?:\.local)?", r"(?:-s|-a|-w|-pw)\s+"),
        (("samba-tool",), r"samba-tool\s+user\s+(?:create|add|setpassword)", rf"{_WORD}\s+(?!-)"),
        (("snmp",), r"snmp\w+", r"-[AX]\s+"),
        (("pdftk", "qpdf"), r"pdftk|qpdf", r"(?:user_pw|owner_pw|input_pw)\s+|--encrypt\s+"),
        (("useradd", "usermod"), r"useradd|usermod", r"-p\s+"),
        (("dscl", "sysadminctl"), r"dscl|sysadminctl", r"-passwd\s+\S+\s+|-password\s+"),
        (("etcdctl", "influx"), r"etcdctl|influx", r"--user[\s=][^\s:]{1,64}:|-password\s+"),
        (("twine", "poetry", "hatch"), r"twine|poetry|hatch", r"(?:-p|--password)[\s=]"),
        (("schtasks", "wmic", "cmdkey", "net user"), r"schtasks|wmic|cmdkey", r"/(?:rp|p|password|pass):?\s*"),
        (("net user",), r"net\s+user", rf"{_WORD}\s+(?!/)"),
        (("plink", "pscp", "psftp", "putty "), r"plink|pscp|psftp|putty", r"-pw\s+"),
        (("lftp",), r"lftp", r"(?:-u|--user)\s+[\"']?[^\s,\"']{1,64},"),
        (("ssh-keygen",), r"ssh-keygen", r"-[NP]\s+"),
        (("rabbitmqctl",), r"rabbitmqctl\s+(?:add_user|change_password)", rf"{_WORD}\s+"),
        (("encrypt_string",), r"ansible-vault\s+encrypt_string", r""),
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
PIPED: Final = r"chpasswd|sudo\s-|-stdin|cryptsetup|\blogin\b|secret\sset|kinit|smbpasswd"
NETRC: Final = (
    r"(?:login|account|machine)(?:\s|\\)+\S+(?:\s|\\)+(?:n\S*\s+)?password|default(?:\s|\\)+(?:\S+\s+\S+\s+)?password"
)
SQL: Final = (
    r"(?i:identified\s+(?:by|as|with)|password(?:\s+for\s+\S+)?[\s=(]*(?:password\s*\()?\s*n?'|"
    r"pgp_sym_|aes_(?:en|de)crypt|crypt\()"
)
_TYPING: Final = r"(?:type|fill|sendKeys|send_keys|setValue|enter_text|pressSequentially|addValue)"
TYPED: Final = rf"{_TYPING}\(\s*[\"'`]|send\s+(?:--\s)?[\"']"
ECHOED: Final = r"-command[\s=][\"']?(?:echo|printf)|<\(\s?(?:echo|printf)|<<<"
# What is handed over with the name of a user, without a name of its own.
PAIRS: Final = (
    r"(?:NetworkCredential|DirectoryEntry|BasicAuth|DigestAuth|BasicCredentials?|PasswordCredentials?|PasswordAuthenticator|"
    r"BasicAuthToken|\.login|WiFi\.begin|PDO\([^,\n]{1,128},|mysqli(?:_connect)?\([^,\n]{1,128},|getConnection\([^,\n]{1,128},|\bauth\s*=|\.auth|set_basic_auth|SecureString|authenticate|createUser|create_(?:super)?user|algoliasearch|twilio|UserCredentials|DBI->connect\([^,\n]{1,128},|\.Login|basicAuth|\.SetAuth|SetBasicAuth)\s*\(?|(?i:\b(?:id|user|username|login|account|usr)\s?/\s?(?:pw|pass))|\.connect\s?\([^,\n]*,(?:\s*\d+,)?\s*[\"']"
)
_PAIR: Final = lazily(
    r"(?:NetworkCredential|DirectoryEntry\([^,\n]{1,128},|BasicAuth|DigestAuth|BasicCredentials?|PasswordCredentials?|PasswordAuthenticator|"
    r"BasicAuthToken|\.login|WiFi\.begin|PDO\([^,\n]{1,128},|mysqli(?:_connect)?\([^,\n]{1,128},|getConnection\([^,\n]{1,128},|\.connect\([^,\n]{1,128},(?:\s?\d{1,5},)?|authenticate|createUser|algoliasearch|twilio|UserCredentials|DBI->connect\([^,\n]{1,128},|\.Login|basicAuth|\.SetAuth|SetBasicAuth|create_(?:super)?user\([^,\n]{1,128},|\bauth\s?=\s?|\.auth|set_basic_auth)[\s(]{1,16}[\"'][^\"'\n]{1,128}[\"']\s*,\s*[\"'](?P<quoted>[^\"'\r\n]{3,256})[\"'](?P<bare>)"
)
# Whatever lets somebody in, and is told who it is and a password.
CALL: Final = (
    r"(?i:login|auth|credential|connect|signin|create_?\w{0,5}user)\w*\s?\("
    r"[^\n]*[\"']\s*,\s*[\"'][^\"'\s]*[^a-z\"'\s]"
)
_CALL: Final = lazily(
    r"(?i:login|auth|credential|connect|signin|create_?\w{0,5}user)\w{0,24}\s?\((?:[^()\n]{0,160}?,\s?)?[\"\'][\w.@+-]{1,64}[\"\']\s?,\s?"
    r"[\"\'](?P<quoted>[^\"\'\s]{5,128})[\"\']\s?[,)](?P<bare>)"
)
_PAIR_OF_WORDS: Final = lazily(
    r"\b(?:id|user|username|login|account|usr)\s?/\s?(?:pw|pass(?:word|wd)?|pwd)\s?[:=(-]?>?\s?[\w.@+-]{1,64}\s?[/:]\s?(?P<bare>[^\s\"'`,;()<>]{6,64})(?P<quoted>)",
    re.IGNORECASE,
)
_SECURE_STRING: Final = lazily(
    r"ConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<quoted>[^\"'\r\n]{3,256})[\"'](?P<bare>)", re.IGNORECASE
)
# Whatever program it is, an option for a user and then one for a password.
ACCOUNT: Final = r"\s(?:-[uU]|--?user(?:name)?|--?login)[ =]?\S+[^\n]*\s-(?:p|P|w|pw|pass)[ =]?\S"
_ACCOUNT: Final = lazily(
    rf"\s(?:-[uU]|--?user(?:name)?|--?login)[ =]?(?!-)\S{{1,64}}(?:\s[^\n|;&]{{0,120}}?)?\s-(?:p|P|w|"
    rf"pw|pass)[ =]?{_VALUE}"
)
# In every text that holds such a password, one of these is found.
COMMANDS: Final = (
    *sorted({re.escape(mark) for marks, _, _ in _COMMANDS for mark in marks}),
    PIPED,
    NETRC,
    SQL,
    PAIRS,
    CALL,
    TYPED,
    ECHOED,
    ACCOUNT,
)
_COMMAND_MAX: Final = 600
# A command ends with its line, unless a backslash says that it goes on.
_COMMAND: Final = lazily(rf"(?:[^\n|;&\\]|\\[\s\S]|&(?!&)){{0,{_COMMAND_MAX}}}")
# What a program is given on its standard input.
_PIPED: Final = lazily(
    rf"(?:echo|printf)\s+(?:-\w+\s+)?(?:{_QUOTE}(?:%s(?:\\n)?{_QUOTE}\s+{_QUOTE})?(?:[\w.-]+:)?(?P<quoted>[^\"'\r\n\\]{{3,256}})(?:\\+n)?{_QUOTE}|"
    rf"(?:[\w.-]+:)?(?P<bare>[^\s\"'\\;|&<>()`:]{{3,256}}))\s*\|\s*(?:sudo\s+)?"
    r"(?:chpasswd|sudo\s+(?:-\w+\s+)*-S|sudo\s+-\w*S|passwd\s+--stdin|cryptsetup|(?:docker|podman|helm|crane|oras)\s[^\n|;]{0,100}--password-stdin|"
    r"gh\s+auth\s+login|gh\s+secret\s+set|kinit|vault\s+login|smbpasswd)"
)
_GAP: Final = r"(?:\s|\\{1,2}[nrt])+"
_NETRC: Final = lazily(
    rf"(?:\bmachine{_GAP}\S+{_GAP}(?:login{_GAP}[\w.@+^-]{{1,128}}{_GAP})?(?:account{_GAP}\S+{_GAP})?|\blogin{_GAP}[\w.@+^-]{{1,128}}{_GAP}(?:account{_GAP}\S+{_GAP})?)"
    r"password(?:\s|\\{1,2}[nrt])+\\{0,3}[\"']?(?P<bare>[^\s\"'\\]{3,256})"
)
# What a database is told about its users.
_SQL: Final = lazily(
    r"\b(?:identified\s+(?:with\s+\S{1,64}\s+)?(?:by|as)|(?:with|encrypted|set|role\s+\S{1,64}|user\s+\S{1,64})\s+password"
    r"(?:\s+for\s+\S{1,128})?(?:\s*=\s*(?:password\s*\()?)?)\s*N?'(?P<quoted>(?:[^'\r\n]|''){3,256})'(?P<bare>)",
    re.IGNORECASE,
)
# What a database encrypts with, and checks.
_SQL_CALL: Final = lazily(
    r"\b(?:pgp_sym_(?:en|de)crypt(?:_bytea)?|aes_(?:en|de)crypt)\([^;\n]{1,200}?,\s{0,4}'(?P<quoted>[^'\r\n]{3,256})'(?P<bare>)|"
    r"\bcrypt\(\s{0,4}'(?P<crypt>[^'\r\n]{3,256})'\s{0,4},",
    re.IGNORECASE,
)
# What is typed into a field of that name, where a program tests a form; what a script sends when it is asked.
_TYPED: Final = lazily(
    rf"{_TYPING}\(\s{{0,8}}[\"'`][^\"'`\n]{{0,64}}[Pp]ass[^\"'`\n]{{0,64}}[\"'`]\s{{0,4}},\s{{0,8}}[\"'`](?P<quoted>[^\"'`\r\n]{{4,128}})[\"'`](?P<bare>)|"
    rf"[Pp]ass[^\"'`\n]{{0,32}}[\"'`\])]{{1,6}}(?:\.\w{{1,16}}\([^()\n]{{0,32}}\)\s{{0,8}}){{0,3}}\.{_TYPING}\(\s{{0,8}}[\"'`](?P<typed>[^\"'`\r\n]{{4,128}})[\"'`]|"
    r"assword[^\n]{0,24}\n(?:\s{0,16}exp_)?\s{0,16}send\s{1,4}(?:--\s)?[\"'](?P<sent>[^\"'\r\n\\]{4,128})(?:\\[rn]){0,2}[\"']"
)
# A command that prints a password for another one.
_ECHOED: Final = lazily(
    r"(?:-command[\s=]{1,2}[\"']?|<\(\s?|<<<\s?)(?:(?:echo|printf)\s+(?:-n\s+)?)?[\"']?(?P<bare>[^\s\"'()<>$]{4,128})(?P<quoted>)"
)
_STAND_IN: Final = lazily(
    r"[$%{<\[*@,;)\]}+\s]|\.{2,}|x{3,}\Z|-|(?:my|your|the|some|new|old)?[-_]?(?:pass(?:word|wd|phrase|code)?|pw|pwd|secret|token|value|string)\d?\Z|"
    r"\w*(?:_here|_goes_here)\Z|(?:changeme|password)\b|stdin\Z|test\Z|yyy|zzz|https?://|(?:\\{0,3}[\"'])?\s|file:|env:|fd:",
    re.IGNORECASE,
)
_GROUPS: Final = ("bare", "quoted", "crypt", "typed", "sent")
_CAPITALS: Final = lazily(r"[A-Z][A-Z_-]{2,}\Z")


def passwords_in_commands(text: str) -> Iterator[Span]:
    """The passwords that programs are given as arguments or on standard input, and those of a .netrc, in order."""
    yield from sorted(_found(text))


def _found(text: str) -> Iterator[Span]:
    marks = _MARKS(text.encode("utf-8", "surrogatepass"))
    for place in marks:
        if place < len(_COMMANDS):
            yield from _given(text, *_COMMANDS[place][1:])
        else:
            yield from _OTHERS[place - len(_COMMANDS)][1](text)


def _given(text: str, program: re.Pattern[str], options: re.Pattern[str]) -> Iterator[Span]:
    """The passwords in the options of a program."""
    calls = [each for each in program.finditer(text) if _is_word_of_its_own(text, each.start())]
    # Where it is called again, another command begins.
    ends = [*(each.start() for each in calls[1:]), len(text)]
    for called, end in zip(calls, ends, strict=False):
        command = _COMMAND.match(text, called.end(), end)
        yield from _values(options.finditer(text, called.end(), command.end() if command else called.end()))


def _piped(text: str) -> Iterator[Span]:
    if "|" in text:
        yield from _values(_PIPED.finditer(text))


def _in_pairs(text: str) -> Iterator[Span]:
    yield from (span for span in _values(_PAIR.finditer(text)) if not _is_label(text[span[0] : span[1]]))
    yield from (span for span in _values(_PAIR_OF_WORDS.finditer(text)) if is_strong(text[span[0] : span[1]]))
    yield from (span for span in _values(_CALL.finditer(text)) if likeness(text[span[0] : span[1]]) >= Likeness.CHOSEN)
    yield from _values(_SECURE_STRING.finditer(text))


def _in_sql(text: str) -> Iterator[Span]:
    yield from _values(_SQL.finditer(text))
    yield from _values(_SQL_CALL.finditer(text))


def _typed(text: str) -> Iterator[Span]:
    yield from (span for span in _values(_TYPED.finditer(text)) if not _is_label(text[span[0] : span[1]]))


def _echoed(text: str) -> Iterator[Span]:
    yield from (
        span for span in _values(_ECHOED.finditer(text)) if likeness(text[span[0] : span[1]]) >= Likeness.CHOSEN
    )


def _is_word_of_its_own(text: str, place: int) -> bool:
    """Whether what begins there is no end of a longer word, which is another program, or none."""
    before = text[place - 1 : place]
    return not before.isalnum() and before not in ("-", "_", ".")


def _values(found: Iterator[re.Match[str]]) -> Iterator[Span]:
    for match in found:
        group = next(name for name in _GROUPS if match.groupdict().get(name))
        value = match[group]
        if not _is_stand_in(value):
            yield *match.span(group), "password"


def _is_label(value: str) -> bool:
    return value.isalpha() and not is_plain_word(value)


def _is_stand_in(value: str) -> bool:
    return _STAND_IN.match(value) is not None or _CAPITALS.match(value) is not None


def _of_accounts(text: str) -> Iterator[Span]:
    for found in _ACCOUNT.finditer(text):
        value = found["quoted"] or found["bare"]
        if likeness(value) >= Likeness.CHOSEN and not _is_stand_in(value):
            yield *found.span("quoted" if found["quoted"] else "bare"), "password"


_OTHERS: Final[tuple[tuple[str, Callable[[str], Iterator[Span]]], ...]] = (
    (PIPED, _piped),
    (NETRC, lambda text: _values(_NETRC.finditer(text))),
    (f"{PAIRS}|{CALL}", _in_pairs),
    (SQL, _in_sql),
    (TYPED, _typed),
    (ECHOED, _echoed),
    (ACCOUNT, _of_accounts),
)
_MARKS: Final = found_of(
    [*("|".join(map(re.escape, marks)) for marks, _, _ in _COMMANDS), *(mark for mark, _ in _OTHERS)]
)

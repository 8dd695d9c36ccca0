"""The words that sentences about getting into something have, and none of which is a word for a password."""

from __future__ import annotations

from typing import Final

# Who gets in, and how: in one language after the other.
ENTERING: Final = (
    "credentials?|\\bcreds\\b|log(?:ged|ging|s)?[ -]?(?:in|on)(?:to)?\\b|logins?\\b|sign(?:ed|ing|s)?[ -]?in\\b|"
    "get (?:you|me|us) in\\b|"
    "connect(?:ing|ed)? (?:with|as)|\\bvault\\b|keychain|keepass|bitwarden|\\bsudo\\b|\\bunlock|\\bwi-?fi\\b|"
    "\\bwlan\\b|hotspot|\\baccounts?\\b|\\buser(?:name)?\\b|"
    "zugang|zugriff|einlog|eingelog|anmeld|angemeld|entsperr|benutzer|\\bkonto\\b|reinkomm|komm\\w* (?:du |ich |"
    "man )?rein\\b|"
    "\\bcompte\\b|connecte|connexion|identifiant|utilisateur|d[e\u00e9]verrouill|d[e\u00e9]bloqu|\\bentr(?:e|es|"
    "er|ez|ar|a|as|o|are)\\b (?:avec|con|com)\\b|"
    "pour (?:entrer|acc[e\u00e9]der)|acc[e\u00e8]s\\b|"
    "\\bcuenta\\b|acceso|acceder|usuario|iniciar? sesi[o\u00f3]n|desbloque|credenciales|"
    "utente|credenziali|accedere|accesso|sblocc|\\bconta\\b|acesso|credenciais|inloggen|inloggegevens|"
    "\u0432\u0445\u043e\u0434|\u0432\u043e\u0439\u0442\u0438|\u043b\u043e\u0433\u0438\u043d|\u0430\u043a\u043a\u0430\u0443\u043d\u0442|"
    "\u8d26\u53f7|\u8d26\u6237|\u5e33\u865f|\u767b\u5f55|\u767b\u9646|\u767b\u5165|\u89e3\u9501|\u8f93\u5165|"
    "\u30ed\u30b0\u30a4\u30f3|\u30a2\u30ab\u30a6\u30f3\u30c8|\u5165\u308c\u307e\u3059|\u30d1\u30b9\u306f|\u30ed\u30c3\u30af|"
    "\u5408\u8a00\u8449|\u5408\u3044\u8a00\u8449|\ub85c\uadf8\uc778|\uacc4\uc815"
)
# That it was written down wrongly, or has changed; that nobody else is to know.
CORRECTING: Final = (
    "\\brotate|\\brevoke|\\bleak|mistyp|\\btypo\\b|tippfehler|vertipp|verschrieben|tromp[e\u00e9]|equivoqu|equivocad|errata\\b|sbagliat|enganei|"
    "\u53d1\u9519|\u6253\u9519|\u8f93\u9519|\u6539\u6210|\u9593\u9055|\u5909\u308f|\u5909\u66f4|\u0438\u0437\u043c\u0435\u043d|"
    "don['\u2019]?t (?:commit|share|paste|tell|write|post|leak)|keep (?:it|this|that) (?:secret|private|to yourself)|"
    "nicht (?:weitergeben|weitersagen|hinschreiben|aufschreiben|teilen|committen|verraten)|"
    "n(?:e |')(?:le |la )?(?:partage|committe|r[e\u00e9]p[e\u00e8]te|dis|\u00e9cri)|no (?:lo|la) (?:compartas|"
    "subas|digas)|"
    "\u8a00\u308f\u306a\u3044|\u522b\u544a\u8bc9|\u4e0d\u8981\u544a\u8bc9|"
    "all one word|one word|lower ?case|upper ?case|capital [a-z]\\b|kleingeschrieben|kleinbuchstaben|"
    "gro\u00dfgeschrieben|min[u\u00fa]scul|may[u\u00fa]scul|majuscul|zusammengeschrieben"
)
# Of a network, whatever word its key has.
WIFI: Final = "\\bwi-?fi|\\bwlan\\b|\\bssid\\b"
ACCESS: Final = f"{ENTERING}|{CORRECTING}"

"""What stands between a secret's name and its value, in settings, programs, tables and sentences."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.patterns import lazily

_VALUE_MAX: Final = 4096

_QUOTE: Final = r"\\{0,3}[\"'`]"
# "the password for staging is ...", "das Passwort für Staging lautet ...".
_OF_WHAT: Final = (
    r"\s(?:for|of|to|on|in|für|von|vom|zu[rm]?|der|d[aeiou]s?|d[aeo]l(?:la)?|d['\u2019]|pour|para|per|n[ao])\s?"
    r"[^\s:=.,;!?<>(){}\[\]][^\n:=.,;!?<>(){}\[\]]{0,40}?"
)
# What a program makes of a text before it is a password.
_WRAPPER: Final = (
    r"(?:Some|Ok|String::from|Buffer\.from|bytes|\[\]byte|"
    r"(?:new\s)?[\w:]{0,30}Secret\w{0,20}(?:::new)?|Secure\w{0,12}|Zeroizing::new)"
)
# From a name's stem on: the rest of the name, the sign, and the value.
AFTER_STEM: Final = lazily(
    rf"""
    (?P<tail> [\w-]{{0,40}}+ (?: [ ](?:d['\u2019](?:ordine|acc[eè]s(?:so)?)|de[ ]ac(?:c?eso|esso)|chiave) )? )
    (?P<closed> {_QUOTE} )? [\])]{{0,2}}
    (?:
        (?P<sign> [\s\u00a0\u202f]{{0,8}} (?: =>|:=|={{1,3}}|::? )
          [ \t]{{0,8}} (?: [|>][+-]?(?=[ \t]*\r?\n) )? [ \t]{{0,8}} (?: (?:\\)?\r?\n[ \t]{{1,24}} | \\[nt] )?
          (?: {_WRAPPER}?\(\s{{0,24}}(?=[bfru@N]?{_QUOTE}) | <%=\s?(?={_QUOTE}) )? )
        (?: [&\w.\[\]|?<>]{{1,40}} (?:\s\|\s[\w.]{{1,20}})? \s? = \s? (?=[\"'`]) )?  # `key: str = "..."`
      | (?P<fallback> [ ](?:or|\|\||\?\?)[ ] (?={_QUOTE}) )
      | (?P<attribute>
            \s{{1,4}} value= (?=[\"'])
          | ,?\s{{1,24}} {_QUOTE}? [vV]alue {_QUOTE}? \s{{0,2}} [:=] \s{{0,4}}
          | {_QUOTE}? , {_QUOTE} [vV]alue {_QUOTE} :
        )
      | (?P<call> \s?,\s{{0,24}} (?={_QUOTE}) )
      | (?P<argument> \(\s{{0,4}} (?={_QUOTE}) )
      | (?P<element>
            (?: </key>\s{{0,24}}<string (?=>) )? (?:\s[\w:]{{1,24}}=\"[^\"<>\n]{{0,64}}\"){{0,3}} >\{{?
            (?:\s{{0,24}}<[vV]alue>)?
        )
      | (?P<said>
            (?:{_OF_WHAT})? \s (?:is|was|are|ist|war|lautet|est|était|es|era|è|é|to|auf)
            (?:\s(?:now|jetzt|maintenant|ahora|ora|agora))? :? \s
          | {_OF_WHAT} [ ]? :[ ]?
          | [ \t]{{0,20}} \| [ \t]{{1,20}}  # the next column
          | [ \t]{{1,20}} (?: -{{1,20}}>? | \u2192 | \u2013 ) \s{{1,8}}
        )
      | (?P<space> [ \t]{{1,40}} )
    )
    (?P<scheme> (?:[Bb]earer|[Bb]asic|(?:[Aa]pi-)?[Tt]oken|[Aa]pi-?[Kk]ey|SSWS|GenieKey) \s{{1,6}} )?
    (?:
        (?P<quote> [bfru@N]? {_QUOTE} ) (?: (?<=') \\{{0,3}} \" | (?<=\") ' )?
        (?P<quoted>
            (?<=[^\\]\") (?:[^\"\\\r\n]|\\[^\r\n]){{1,{_VALUE_MAX}}}+
          | (?<=\") [^\"\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=') [^'\r\n]{{1,{_VALUE_MAX}}}+
          | (?<=`) [^`\r\n]{{1,{_VALUE_MAX}}}+
        )
      | (?P<bare> [^\s\"'`<>;,(){{}}\[\]|\\&]{{3,{_VALUE_MAX}}}+
          | [^\s\"'`<>;,(){{}}\[\]|\\&]{{1,2}}(?=[&;,<]|\\[ '!$&()])
        )
    )
    """,
    re.VERBOSE | re.ASCII,
)

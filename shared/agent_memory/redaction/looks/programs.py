"""The names that programs have, and that programs give: products with a version, types, variables, sizes."""

from __future__ import annotations

import re
from typing import Final

from agent_memory.redaction.looks.chosen import is_measure
from agent_memory.redaction.looks.values import is_type
from agent_memory.redaction.patterns import lazily

_WORDS: Final = lazily(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words that names in programs begin or end with.
_NAME: Final = lazily(
    r"\A(?:my|test|new|old|the)?(?:pass|pwd|secret|token|key|auth|cred|user|hash|param|arg|field|value|env|config)|"
    r"(?:pass|password|pwd|secret|token|auth|user|hash|params?|args?|fields?|value|config)\Z",
    re.IGNORECASE,
)
_SIZED: Final = lazily(r"(?:utf|ucs|base|sha|iso|u?int|float|vec|mat)-?\d", re.IGNORECASE)
# A product with its version.
_PRODUCT: Final = lazily(
    r"(?:chrom(?:e|ium)|firefox|safari|edge|opera|ios|ipados|macos|osx|iphone|ipad|pixel|galaxy|android|gnome|kde|plasma|wayland|"
    r"xorg|debian|ubuntu|fedora|rhel|centos|alpine|arch|suse|windows|win|office|excel|node|deno|bun|react|vue|angular|svelte|"
    r"next|nuxt|django|flask|fastapi|rails|spring|boot|java|jdk|jre|openjdk|kotlin|swift|scala|php|laravel|ruby|python|rust|go|"
    r"golang|postgres(?:ql)?|pg|mysql|mariadb|redis|kafka|mongo(?:db)?|elastic(?:search)?|oracle|sqlserver|exchange|azure(?:ad)?|"
    r"aws|gcp|gpt|claude|gemini|llama|mistral|qwen|opus|sonnet|haiku|wpa|wep|tls|ssl|dtls|https?|oauth|saml|ldap|oidc|ipv|rfc|iso|"
    r"cve|lib[a-z]+|zxcvbn|log4j|junit|pytest|jest|webpack|vite|gcc|clang|llvm|cmake|gradle|maven|docker|kubernetes|helm|terraform|"
    r"vscode|intellij|emacs|vim|bash|zsh|powershell|qt|gtk|opengl|vulkan|cuda|x|unity|unreal|java(?:script)?|typescript|ecmascript|es|"
    r"html|css|utf|sha|md|aes|rsa|argon|pkcs|ed|curve|secp|base|crc|covid|area|mp|h|usb|hdmi|ddr|pcie|rtx|gtx|arm|cortex|iwlwifi|linux-firmware|kernel)"
    r"[-_./]?v?\d[\w.]*\+?\Z",
    re.IGNORECASE,
)
# Words with capitals, as names of types are, too.
_CAPITALIZED: Final = lazily(r"(?:[A-Z][a-z]{1,12}){3,6}\d{0,4}[!?]?\Z")
_OF_TYPES: Final = lazily(
    r"(?:string|char|text|type|input|form|validator|provider|manager|factory|service|handler|controller|component|model|schema|"
    r"builder|props?|state|context|error|exception|request|response|options?|buffer|bytes|array|list|map|view|widget|entity|"
    r"dto|data|object|result|event|client|server|method|function|policy|rule|settings?|info|id|name|ref|optional|encoder|"
    r"hasher|generator|required|reset|change|by|get|set|has|to|from|of|with|on|for)\Z",
    re.IGNORECASE,
)


def is_of_programs(value: str) -> bool:
    """Whether programs name something so: a variable, a size, a product and its version."""
    return (
        is_measure(value)
        or is_type(value)
        or _SIZED.match(value) is not None
        or any(is_type(part) or is_product(part) for part in re.split(r"[-_.]", value))
        or any(map(_NAME.search, _WORDS.findall(value)))
    )


def is_product(value: str) -> bool:
    """Whether the value is the name of a product with its version: `Chrome120`, `WPA2-PSK`."""
    return _PRODUCT.match(value) is not None


def is_capitalized(value: str) -> bool:
    """Whether the value is words with capitals that no type is named with: `MyGardenIsGreen`."""
    return _CAPITALIZED.match(value) is not None and not any(
        _OF_TYPES.match(word) or _NAME.search(word) for word in _WORDS.findall(value)
    )

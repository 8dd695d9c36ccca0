"""What lets callers in over the network: the daemon's certificate and its token, each a file that the settings name."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Final

from agent_memory.errors import SettingsError
from agent_memory.settings import LOOPBACK, Settings

# The metadata that a token travels in, and what stands before it.
TOKEN_KEY: Final = "authorization"
_SCHEME: Final = "Bearer "
# 128 bits in base64: nobody guesses it.
TOKEN_MIN: Final = 22


@dataclass(frozen=True, slots=True)
class Certificate:
    """A chain of certificates and its private key, in PEM."""

    chain: bytes
    key: bytes


def check(settings: Settings) -> None:
    """Raise SettingsError where the daemon must not listen with these settings."""
    token(settings)
    certificate(settings)


def certificate(settings: Settings) -> Certificate | None:
    """What the TCP port is served with: None on loopback, where no other machine can listen in.

    Raises SettingsError where another address has no certificate, no key or no token.
    """
    if settings.grpc_host in LOOPBACK:
        return None
    needed = ("grpc_tls_cert", "grpc_tls_key", "grpc_token_file")
    if missing := [name for name in needed if not getattr(settings, name)]:
        raise SettingsError(
            f"grpc_host = {settings.grpc_host!r} opens the memory to the network, so it also needs "
            f"{' and '.join(missing)}.",
            "docs/privacy.md says how to make them. Leave out --host and grpc_host to serve this machine only.",
        )
    found = Certificate(_read(settings, "grpc_tls_cert"), _read(settings, "grpc_tls_key", is_secret=True))
    _require_pair(settings)
    return found


def token(settings: Settings) -> str:
    """The token of the daemon; empty where none is set. Raises SettingsError where its file can't be used."""
    if not settings.grpc_token_file:
        return ""
    found = _read(settings, "grpc_token_file", is_secret=True).decode(errors="replace").strip()
    if len(found) < TOKEN_MIN or not found.isascii() or not found.isprintable() or " " in found:
        raise SettingsError(
            f"grpc_token_file {settings.grpc_token_file} holds no token of {TOKEN_MIN} or more letters and digits.",
            f"Make one: (umask 077; openssl rand -hex 32 > {settings.grpc_token_file})",
        )
    return found


def authority(settings: Settings) -> bytes | None:
    """The certificate that a client takes the daemon's for true by; None for those that the system trusts."""
    return _read(settings, "grpc_tls_cert") if settings.grpc_tls_cert else None


def metadata(of_token: str) -> tuple[tuple[str, str], ...]:
    """What a call carries that shows the token."""
    return ((TOKEN_KEY, _SCHEME + of_token),) if of_token else ()


def shows(value: str, of_token: str) -> bool:
    """Whether the metadata's value shows the token; takes as long whatever the value is."""
    return bool(of_token) and compare_digest(value.encode(), (_SCHEME + of_token).encode())


def is_of_this_machine(address: str) -> bool:
    """Whether a gRPC target is a socket or an address that other machines don't see."""
    return address.startswith("unix:") or address.rpartition(":")[0].strip("[]") in LOOPBACK


def _require_pair(settings: Settings) -> None:
    """Raise SettingsError where a server can't be made of the two files: gRPC would only say that it failed."""
    import ssl  # most daemons listen on loopback

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            Path(settings.grpc_tls_cert).expanduser(),
            Path(settings.grpc_tls_key).expanduser(),
            # A key with a passphrase is refused, and nobody is asked for it.
            password=b"",
        )
    except (ssl.SSLError, ValueError) as error:
        reason = str(getattr(error, "reason", "") or error).replace("_", " ").lower()
        raise SettingsError(
            f"grpc_tls_cert {settings.grpc_tls_cert} and grpc_tls_key {settings.grpc_tls_key} are no certificate and "
            f"its key, both in PEM and without a passphrase ({reason}).",
            "docs/privacy.md says how to make them.",
        ) from None


def _read(settings: Settings, name: str, *, is_secret: bool = False) -> bytes:
    path = Path(getattr(settings, name)).expanduser()
    try:
        if is_secret and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsError(f"{name} {path} can be read by others. Run: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{name} {path} can't be read: {error.strerror or error}") from None

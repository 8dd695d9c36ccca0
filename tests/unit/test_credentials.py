"""The token and the certificate: read from private files, refused with what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory import credentials
from agent_memory.errors import SettingsError
from agent_memory.settings import Settings

TOKEN = "0123456789abcdef0123456789abcdef"


def settings(**values: str) -> Settings:
    return Settings(**values)  # type: ignore[arg-type]


def written(path: Path, content: str, mode: int = 0o600) -> str:
    path.write_text(content)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        ("short", 0o600, "holds no token of 22 or more"),
        ("a b" * 20, 0o600, "holds no token"),
        ("", 0o600, "holds no token"),
        (TOKEN, 0o640, "can be read by others"),
    ],
)
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: str, mode: int, reason: str) -> None:
    """Short ones, and ones that others may read."""
    with pytest.raises(SettingsError, match=reason):
        credentials.token(settings(grpc_token_file=written(tmp_path / "t", content, mode)))


def test_loopback_needs_nothing() -> None:
    """No other machine can listen in."""
    assert credentials.certificate(settings()) is None
    assert credentials.token(settings()) == ""


def test_another_address_needs_all_three(tmp_path: Path) -> None:
    """What is missing is named."""
    with pytest.raises(SettingsError, match="grpc_tls_cert and grpc_tls_key and grpc_token_file"):
        credentials.check(settings(grpc_host="192.0.2.1"))
    with pytest.raises(SettingsError, match=r"grpc_tls_key .* can't be read"):
        credentials.check(
            settings(
                grpc_host="::",
                grpc_tls_cert=written(tmp_path / "c", "c"),
                grpc_tls_key=str(tmp_path / "none"),
                grpc_token_file=written(tmp_path / "t", TOKEN),
            )
        )


@given(st.text())
def test_only_the_token_shows_the_token(value: str) -> None:
    """And where there is none, nothing does."""
    ((_, shown),) = credentials.metadata(TOKEN)

    assert credentials.shows(shown, TOKEN)
    assert credentials.shows(value, TOKEN) == (value == shown)
    assert not credentials.shows(value, "")
    assert credentials.metadata("") == ()


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [("127.0.0.1:1", True), ("[::1]:1", True), ("unix:/x", True), ("localhost:1", True), ("10.0.0.1:1", False)],
)
def test_other_machines_are_told_from_this_one(address: str, is_ours: bool) -> None:
    """By the address as it is typed."""
    assert credentials.is_of_this_machine(address) is is_ours


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs certificates")
def test_a_certificate_and_another_key_are_refused(tmp_path: Path) -> None:
    """So is what is neither, and a key that asks for a passphrase: no server can be made of them."""
    for name, protection in (("one", ["-nodes"]), ("other", ["-nodes"]), ("locked", ["-passout", "pass:secret"])):
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost", *protection]
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.cert")]
        subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
        (tmp_path / f"{name}.key").chmod(0o600)
    written(tmp_path / "no.cert", "no certificate")

    def named(certificate: str, key: str) -> Settings:
        token = written(tmp_path / "t", TOKEN)
        files = {"grpc_tls_cert": str(tmp_path / certificate), "grpc_tls_key": str(tmp_path / key)}
        return settings(grpc_host="::", grpc_token_file=token, **files)

    credentials.check(named("one.cert", "one.key"))
    for certificate, key in (("one.cert", "other.key"), ("no.cert", "one.key"), ("locked.cert", "locked.key")):
        with pytest.raises(SettingsError, match="are no certificate and its key"):
            credentials.check(named(certificate, key))

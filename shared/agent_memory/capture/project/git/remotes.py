"""Remotes: one name for a repository, however its address is written."""

from __future__ import annotations

import re
from typing import Final

NAME_MAX_CHARACTERS: Final = 512

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?#]*)", re.IGNORECASE)
# `host:path`, with a colon before the first slash; git's older way to say ssh.
_SHORT = re.compile(r"([^/:]*@)?(\[[^\]/]*\]|[^/:@\[\]]+):([^?#]*)")
_HELPER = re.compile(r"\A[A-Za-z0-9]+::(?=.)")
_PORT = re.compile(r":\d*\Z")
# They serve git beside the web under another name where a firewall lets nothing else through.
_SAME_HOSTS: Final = {
    "ssh.github.com": "github.com",
    "www.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
# Here `Acme/Tool` and `acme/tool` are one repository; elsewhere they may be two.
_CASELESS: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "dev.azure.com"})
_AZURE: Final = "dev.azure.com"
_AZURE_SSH: Final = ("ssh.dev.azure.com", "vs-ssh.visualstudio.com")
_AZURE_OLD: Final = ".visualstudio.com"


def name_of(address: str) -> str:
    """`host/path` of the repository at that address: without scheme, user, password, port, query and `.git`.

    Empty for a folder of this machine, and for what is no address.
    """
    host, path = _parts(address)
    if not host or not path or len(host) + len(path) > NAME_MAX_CHARACTERS:
        return ""
    host = _SAME_HOSTS.get(host, host)
    host, path = _azure(host, path)
    return f"{host}/{path.lower() if host in _CASELESS else path}"


def folder_of(address: str) -> str:
    """The folder of this machine that the address leads to, as it is written; empty where it leads elsewhere."""
    url = _URL.match(address)
    if url:
        return url[3] if url[1].lower() == "file" else ""
    return "" if _SHORT.match(address) else address


def _azure(host: str, path: str) -> tuple[str, str]:
    """One of Azure's addresses as the web has it today: `dev.azure.com/ORGANISATION/PROJECT/_git/REPOSITORY`."""
    # Blanks are the one character of its names that is escaped.
    segments = path.replace("%20", " ").split("/")
    if host in _AZURE_SSH and segments[0] == "v3" and len(segments) == 4:
        _, organisation, project, repository = segments
        return _AZURE, f"{organisation}/{project}/_git/{repository}"
    if host.endswith(_AZURE_OLD) and "_git" in segments:
        segments = [host.removesuffix(_AZURE_OLD), *(each for each in segments if each != "DefaultCollection")]
        host = _AZURE
    if host == _AZURE and len(segments) == 3 and segments[1] == "_git":
        # A project's first repository has its name, and no need to say it.
        segments = [segments[0], segments[2], *segments[1:]]
    return (host, "/".join(segments)) if host == _AZURE else (host, path)


def _parts(address: str) -> tuple[str, str]:
    address = _HELPER.sub("", address.strip())
    if not address.isprintable():
        return "", ""
    if url := _URL.match(address):
        scheme, authority, path = url[1].lower(), url[2].rpartition("@")[2], url[3]
        if scheme == "file":
            return "", ""
    elif short := _SHORT.match(address):
        authority, path = short[2], short[3]
    else:
        return "", ""
    host = _PORT.sub("", authority).rstrip(".").lower()
    segments = [segment for segment in path.split("/") if segment not in ("", ".")]
    return host, "/".join(segments).removesuffix(".git").rstrip("/")

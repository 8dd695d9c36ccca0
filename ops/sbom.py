"""The bill of materials of a release, as CycloneDX 1.6 in JSON: what requirements.lock pins and who asked for it.

The format: https://cyclonedx.org/docs/1.6/json/. Licenses are what the installed packages say of themselves; what only
another platform installs has none.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

PIN = re.compile(r"^([\w.-]+)==(\S+)[^\n]*\\\n(?:    --hash\S+(?: \\)?\n)+((?:    #.*\n?)*)", re.MULTILINE)
ASKED_BY = re.compile(r"#(?: via)? +([a-z][\w.-]*)")
LICENSE_MAX = 60  # characters: some packages give the whole text in place of a name


def bill_of_materials(name: str, version: str, lock: str, built_s: int) -> dict[str, Any]:
    """The bill of `name` at `version`. `lock` is the lock file's text, `built_s` its time, in Unix seconds.

    The same arguments give the same bill. What only builds the package has the scope "excluded".
    """
    pins = [(pin[1], pin[2], ASKED_BY.findall(pin[3])) for pin in PIN.finditer(lock)]
    root = {"type": "application", **_identity(name, version)}
    asked_for: dict[str, list[str]] = {}
    for pinned, at, askers in pins:
        for asker in askers:
            asked_for.setdefault(asker, []).append(_purl(pinned, at))
    refs = {pinned: _purl(pinned, at) for pinned, at, _ in pins} | {name: _purl(name, version)}
    depends = {ref: sorted(asked_for.get(each, [])) for each, ref in refs.items()}
    needed = _reachable(_purl(name, version), depends)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, _purl(name, version) + lock)}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(built_s, UTC).isoformat(), "component": root},
        "components": [
            {
                "type": "library",
                **_identity(pinned, at),
                "scope": "required" if _purl(pinned, at) in needed else "excluded",
                **_licenses(pinned),
            }
            for pinned, at, _ in pins
        ],
        "dependencies": [{"ref": ref, "dependsOn": others} for ref, others in depends.items()],
    }


def _identity(name: str, version: str) -> dict[str, str]:
    return {"bom-ref": _purl(name, version), "name": name, "version": version, "purl": _purl(name, version)}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _reachable(start: str, edges: dict[str, list[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = set(edges[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def _licenses(name: str) -> dict[str, list[dict[str, Any]]]:
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {}
    if expressions := said.get_all("License-Expression", []):
        return {"licenses": [{"expression": expressions[0]}]}
    names = [text for text in said.get_all("License", []) if 0 < len(text) <= LICENSE_MAX]
    classified = [text for text in said.get_all("Classifier", []) if text.startswith("License ::")]
    names = names or [text.rpartition(" :: ")[2] for text in classified]
    return {"licenses": [{"license": {"name": text}} for text in names]} if names else {}

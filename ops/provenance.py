"""The provenance of a release, as an attestation: which commit and which lock file its files were built from, and how.

A statement of in-toto (https://in-toto.io/Statement/v1) that holds SLSA's predicate (https://slsa.dev/provenance/v1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# What the statement's reader may look for: a release as ops/release.py makes it.
BUILD_TYPE: Final = "urn:agent-memory:release:1"


def statement(version: str, digests: Mapping[str, str], commit: str, lock_digest: str) -> dict[str, Any]:
    """The statement about files by name, each with its SHA-256; `commit` is git's, `lock_digest` requirements.lock's.

    The same arguments give the same statement: it tells no time and no machine.
    """
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"version": version},
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": commit}},
                    {"name": "requirements.lock", "digest": {"sha256": lock_digest}},
                ],
            },
            "runDetails": {"builder": {"id": "urn:agent-memory:ops/release.py"}},
        },
    }

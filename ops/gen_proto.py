"""Write shared/agent_memory/rpc/ from proto/: run it after every change of a .proto file.

    .venv/bin/python ops/gen_proto.py [OUT]

OUT is the import root to write below (default: shared/). The generated code is committed; tests/house checks that a
second run changes nothing and that pyproject's run-time floors are not below this generator's line.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent


def generate(out: Path) -> None:
    """Generate messages, stubs and type stubs of both .proto files below `out`; raises SystemExit when protoc fails."""
    well_known = Path(sysconfig.get_path("purelib")) / "grpc_tools" / "_proto"
    scripts = Path(sysconfig.get_path("scripts"))
    for name, services in (("memory.proto", True), ("bus.proto", False)):
        arguments = [
            "protoc",
            f"-Iagent_memory/rpc={ROOT / 'proto'}",
            f"-I{well_known}",
            # Full paths, because the environment need not be activated.
            f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
            f"--python_out={out}",
            f"--mypy_out={out}",
        ]
        if services:
            arguments += [f"--grpc_python_out={out}", f"--mypy_grpc_out={out}"]
        if protoc.main([*arguments, f"agent_memory/rpc/{name}"]) != 0:
            raise SystemExit(f"protoc failed on proto/{name}; its message stands above")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "shared")

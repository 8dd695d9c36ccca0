"""The shape of the code: what may import what, and the one import name over two roots."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
ROOTS = [ROOT / "services" / "agent_memory", ROOT / "shared" / "agent_memory"]


def test_every_import_goes_down_and_every_library_has_one_door() -> None:
    """The contracts of pyproject.toml hold; what breaks one is printed with the chain of imports."""
    command = [f"{sysconfig.get_path('scripts')}/lint-imports", "--no-cache", "--no-logo"]

    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_contracts_see_both_roots() -> None:
    """A contract over one root only would hold whatever stands in the other."""
    seen = grimp.build_graph("agent_memory", cache_dir=None).modules

    for root in ROOTS:
        written = {".".join(path.relative_to(root.parent).with_suffix("").parts) for path in root.rglob("*.py")}
        assert {name.removesuffix(".__init__") for name in written} <= seen


def test_neither_root_is_a_package() -> None:
    """One __init__.py directly in an agent_memory/ hides the other root from every import."""
    assert [root / "__init__.py" for root in ROOTS if (root / "__init__.py").exists()] == []


def test_every_package_says_that_it_is_typed() -> None:
    """py.typed stands in shared/agent_memory and in each package of services/agent_memory.

    One directly in services/agent_memory would be in the wheel twice, and the build refuses that.
    """
    services, shared = ROOTS
    packages = [init.parent for init in services.glob("*/__init__.py")]

    assert packages
    assert [package for package in [shared, *packages] if not (package / "py.typed").exists()] == []
    assert not (services / "py.typed").exists()

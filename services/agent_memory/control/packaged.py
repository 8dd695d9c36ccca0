"""Files that are not code and come with the program."""

from __future__ import annotations

from pathlib import Path


def packaged(place: str) -> Path:
    """The file at that place of the checkout if this is one, else its copy in the installed package.

    The checkout's first: an editable install also holds a copy, made when it was installed.
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1] / place
    return checkout if package.parent.name == "services" and checkout.exists() else package / Path(place).name

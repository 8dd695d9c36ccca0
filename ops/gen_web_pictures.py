"""Write docs/images/web-*.png, the pictures of the page: a made-up year in a real store and a real browser.

    PYTHONPATH=tests .venv/bin/python ops/gen_web_pictures.py [OUT]

Needs Chromium (`apt-get install chromium`), and looks best with the fonts Inter and Noto Serif.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from sample_year import events
from support.browser import Browser, browser
from support.page import page
from support.stack import Stack, scratch, wait_until

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 860
BATCH = 500


def main(out: Path) -> None:
    """Run a daemon on a scratch store, fill it, and take the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, scratch(Path(folder) / "scratch") as stack:
        stack.env["MEMORY_TIMEZONE"] = "UTC"
        stack.start()
        now = datetime.now(UTC)
        fill(stack, now)
        with page(stack) as served, browser(Path(folder) / "browser") as window:
            window.size(WIDTH, HEIGHT)
            window.open(served.link)
            window.wait("!!document.querySelector('.latest-day')")
            window.picture(out / "web-year.png")
            week = (now - timedelta(days=14)).isocalendar()
            show(window, f"#/node/{week.year}-W{week.week:02}")
            proof = ".lines li:nth-child(2) .proof button"
            window.wait(f"!!document.querySelector('{proof}')")
            window.click(proof)
            window.wait("!!document.querySelector('.evidence:not([hidden]) .turn')")
            window.picture(out / "web-proofs.png")
            window.media(prefers_color_scheme="dark")
            show(window, "#/search?q=why%20did%20we%20change%20the%20deployment%20this%20month")
            window.wait("!!document.querySelector('.chip')")
            window.picture(out / "web-search.png")


def fill(stack: Stack, now: datetime) -> None:
    """Store the year, and wait until it is summarized and can be found."""
    made = iter(events(now))
    with stack.client() as client:
        while batch := list(islice(made, BATCH)):
            client.ingest_many(batch)
        wait_until(lambda: client.stats().outbox == 0, 300)


def show(window: Browser, place: str) -> None:
    window.run(f"document.querySelector('#content').replaceChildren(); location.hash = '{place}'")
    window.wait("!!document.querySelector('#content h1')")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")

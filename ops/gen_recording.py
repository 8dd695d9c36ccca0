"""Write docs/images/browse.svg, a recording of the browser: driven by keys, over a made-up year in a real store.

    PYTHONPATH=tests .venv/bin/python ops/gen_recording.py [OUT]

The picture moves by itself wherever SVG is shown; who wants no motion sees its first frame.
"""

from __future__ import annotations

import re
import sys
import tempfile
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Final

from gen_web_pictures import fill
from support.stack import scratch, wait_until
from support.terminal import Screen, drive

ROOT = Path(__file__).resolve().parent.parent
SIZE: Final = (96, 26)
# What is pressed or typed, what is then waited for, and for how many seconds it is shown.
STEPS: Final = (
    ((), "• ", 3.0),
    (("l", "enter"), "The evidence", 3.0),
    (("enter",), "session ", 3.0),
    (("escape", "escape", "slash"), "a question", 0.8),
    ("why did we", "", 0.8),
    (" change the deployment", " user ", 3.5),
    (("escape", "c"), " events on ", 1.0),
    (("b",), "• ", 3.0),
    (("escape", "n"), "Only a project", 3.0),
    (("j", "enter"), "agent-memory · ", 3.0),
)
# What a picture would load from the network of whoever looks at it.
WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main(out: Path) -> None:
    """Run a daemon on a scratch store, fill it, and record the browser."""
    frames: list[str] = []

    async def steps(screen: Screen) -> None:
        for keys, awaited, _ in STEPS:
            await (screen.type(keys) if isinstance(keys, str) else screen.press(*keys))
            await screen.until(awaited)
            frames.append(screen.browser.export_screenshot(title="memory-daemon browse", simplify=True))

    with tempfile.TemporaryDirectory() as folder, scratch(Path(folder) / "scratch") as stack:
        stack.env["MEMORY_TIMEZONE"] = "UTC"
        stack.start()
        fill(stack, datetime.now(UTC))
        wait_until(lambda: " user " in stack.run("search", "why did we change the deployment").stdout)
        drive(stack, steps, size=SIZE)
    svg = animated(frames, [seconds for _, _, seconds in STEPS])
    out.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def animated(frames: list[str], seconds: list[float]) -> str:
    """One picture that shows the frames in turn, each for so long, again and again."""
    whole = sum(seconds)
    ends = [100 * end / whole for end in accumulate(seconds)]
    begins = [0.0, *ends[:-1]]
    rules = [
        f".frame {{ visibility: hidden; animation: {whole:g}s step-end infinite; }}",
        ".frame-0 { visibility: visible; }",
        *(
            f"@keyframes frame-{at} {{ 0% {{ visibility: {'hidden' if at else 'visible'}; }} "
            f"{begin:.2f}% {{ visibility: visible; }} {end:.2f}% {{ visibility: hidden; }} }}\n"
            f".frame-{at} {{ animation-name: frame-{at}; }}"
            for at, (begin, end) in enumerate(zip(begins, ends, strict=True))
        ),
        "@media (prefers-reduced-motion: reduce) { .frame { animation: none; } }",
    ]
    box = re.search(r'viewBox="[^"]*"', frames[0])
    assert box  # every picture of Rich's has one
    inner = [
        WEB_FONTS.sub("", frame)
        .replace("Fira Code, monospace", "ui-monospace, monospace")
        .replace('class="rich-terminal"', f'class="rich-terminal frame frame-{at}"')
        for at, frame in enumerate(frames)
    ]
    style = "\n".join(rules)
    return f'<svg {box[0]} xmlns="http://www.w3.org/2000/svg">\n<style>\n{style}\n</style>\n{"".join(inner)}</svg>'


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "browse.svg")

"""The web page in a real browser: what is shown, by mouse and by keyboard, to eyes and to screen readers.

apt-get install chromium; bin/test -m drill tests/process/test_web_page.py
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from agent_memory.model import EventRole, EventType
from agent_memory.periods import day_of
from support.browser import PROGRAM, Browser, browser
from support.page import Page, page
from support.stack import Stack, wait_until
from support.writer import said

pytestmark = [pytest.mark.drill, pytest.mark.skipif(not PROGRAM, reason="needs Chromium")]

DAY_MS = 86_400_000
HOSTILE = (
    "<script>window.hacked=1</script>",
    '<img src=x onerror="window.hacked=2">',
    '<a href="javascript:window.hacked=3">click</a>',
    "```html\n<iframe srcdoc='<script>parent.hacked=4</script>'></iframe>\n```",
    "`<svg/onload=window.hacked=5>`",
    "</p></article><style>*{display:none}</style>",
    "[link](javascript:hacked=6) ![x](http://127.0.0.1:1/pixel.png)",
)
NOW_MS = time.time_ns() // 1_000_000
# Six weeks ago, at noon.
WALK_MS = (NOW_MS // DAY_MS - 42) * DAY_MS + DAY_MS // 2
WALK = day_of(WALK_MS, UTC)
PLACES = [WALK, *WALK.ancestors()][::-1]
WALK_PLACE = f"#/node/{WALK.first}"


@pytest.fixture(scope="module")
def served(shared_stack: Stack) -> Iterator[Page]:
    """The page over a store with a walk at the pond, and with what nobody should run."""
    with shared_stack.client() as client:
        client.ingest(said("heron-0", WALK_MS, "Where does the heron sleep?", session_id="pond"))
        decided = "We decided that the heron sleeps in the third willow."
        kind, role = EventType.ASSISTANT_STOP, EventRole.ASSISTANT
        client.ingest(said("heron-1", WALK_MS + 60_000, decided, session_id="pond", kind=kind, role=role))
        for at, text in enumerate(HOSTILE):
            client.ingest(said(f"hostile-{at}", NOW_MS - DAY_MS + at * 1000, f"kestrel {text}", session_id="hostile"))
    with shared_stack.client() as client:
        wait_until(lambda: client.stats().outbox == 0)
    with page(shared_stack) as found:
        yield found


@pytest.fixture(scope="module")
def window(served: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A window that was opened by the link; what it complained of and asked for is looked at when all is done."""
    with browser(tmp_path_factory.mktemp("browser")) as found:
        found.size(1280, 900)
        found.open(served.link)
        found.wait("!!document.querySelector('#content h1')")
        yield found
        assert found.complaints == []
        assert [url for url in found.requests if not url.startswith(f"http://{served.host}/")] == []


def go(window: Browser, place: str) -> None:
    """Show a place of the page, and wait until it is there."""
    window.run("document.querySelector('#content').replaceChildren(); location.hash = '#/?elsewhere'")
    window.run(f"location.hash = {json.dumps(place)}")
    window.wait("!!document.querySelector('#content h1')")


def focused(window: Browser) -> str:
    return str(window.run("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"))


def test_the_link_leaves_the_address_and_the_year_is_shown(window: Browser) -> None:
    """No token in the address; a square for each day, named for those who don't see it."""
    assert window.run("location.search") == ""
    assert window.run("document.querySelectorAll('a.day').length") == 366
    names = [name for role, name in window.accessible() if role == "link" and ": " in name]
    assert len(names) == 366
    assert sum(": nothing" not in name for name in names) == 2
    assert f"{WALK.title}: 2 events in 1 conversation" in names
    assert "9 events" in window.text(".readout")


def test_the_way_down_is_year_month_week_day_conversation(window: Browser) -> None:
    """A click a level; where one is stands above; the proof opens to the words, and leads into the conversation."""
    go(window, f"#/node/{PLACES[0].node_id}")
    for period, below in zip(PLACES, [*(each.node_id for each in PLACES[1:]), "toc:segment:"], strict=True):
        window.wait(f"document.querySelector('h1')?.innerText === {json.dumps(period.title)}")
        window.click(f"#content a.item[href*='{quote(below, safe='')}']")
    window.wait("document.querySelector('h1')?.innerText.includes('heron')")
    crumbs = window.run("[...document.querySelectorAll('.crumbs a')].map((each) => decodeURIComponent(each.hash))")
    assert crumbs == ["#/", *(f"#/node/{each.node_id}" for each in PLACES)]
    window.wait("!!document.querySelector('.proof button')")
    window.click(".proof button")
    window.wait("document.querySelector('.evidence:not([hidden])')?.innerText.includes('third willow')")
    assert window.run("document.querySelector('.proof button').getAttribute('aria-expanded')") == "true"
    window.click(".evidence a.onward")
    window.wait("location.hash.startsWith('#/session/pond')")
    window.wait("document.querySelectorAll('article.turn').length === 2")
    window.wait("document.activeElement.classList.contains('chosen')")


def test_what_was_said_is_only_shown(window: Browser) -> None:
    """Markup in events is text wherever it is shown: in a conversation, hits, the stream, titles and lines."""
    day = window.run("new Date(Date.now() - 864e5).toISOString().slice(0, 10)")
    for place in ("#/session/hostile", "#/search?q=kestrel", "#/live", f"#/node/{day}", "#/"):
        go(window, place)
        window.wait("document.querySelector('#content').innerText.toLowerCase().includes('kestrel')")
        assert window.run("document.querySelectorAll('#content :is(script, img, iframe, style, svg)').length") == 0
        assert (
            window.run("[...document.querySelectorAll('#content a')].filter((a) => !a.hash.startsWith('#/')).length")
            == 0
        )
        assert window.run("window.hacked === undefined")
    go(window, "#/session/hostile")
    shown = window.text("#content")
    lines = [line for text in HOSTILE for line in text.split("\n") if not line.startswith("```")]
    assert [line for line in lines if line.strip("`") not in shown] == []


def test_all_of_it_goes_by_keyboard(window: Browser) -> None:
    """Tab to the year, arrows to a day, Enter into it, up again; a search and its hits; keys are told."""
    go(window, "#/")
    window.run("document.querySelector('.years a').focus()")
    while "events" not in focused(window):
        window.press("Tab")
    latest = focused(window)
    window.press("ArrowUp")
    assert focused(window) != latest
    window.press("ArrowDown")
    assert focused(window) == latest
    window.press("Home")
    first = focused(window)
    window.press("ArrowLeft")
    assert focused(window) == first
    window.press("End")
    window.press("ArrowUp")
    assert focused(window) == latest  # yesterday
    window.press("Enter")
    title = latest.partition(":")[0]
    window.wait(f"document.querySelector('h1')?.innerText === {json.dumps(title)}")
    assert window.wait("document.activeElement.tagName === 'H1'")
    window.press("[")
    window.wait(f"document.querySelector('h1')?.innerText !== {json.dumps(title)}")
    window.press("]")
    window.wait(f"document.querySelector('h1')?.innerText === {json.dumps(title)}")
    window.press("u")
    window.wait("document.querySelector('h1')?.innerText.startsWith('Week')")

    window.press("/")
    window.wait("document.activeElement.id === 'query'")
    window.type("heron willow")
    window.press("Enter")
    window.wait("document.querySelectorAll('mark').length > 0")
    window.press("Escape")
    window.press("j")
    window.wait("document.activeElement.matches('a.item')")
    window.press("Enter")
    window.wait("location.hash.startsWith('#/node/toc%3Asegment')")
    window.press("?")
    window.wait("document.querySelector('dialog[open]')?.innerText.includes('Search')")
    window.press("Escape")
    window.wait("!document.querySelector('dialog')")


def test_a_time_in_a_search_is_a_chip_that_can_be_taken_away(window: Browser) -> None:
    """The window is told with its days, and lifted with one click."""
    go(window, "#/search?q=heron%20last%20week")
    assert "last week" in window.wait("document.querySelector('.chip')?.innerText")
    assert "At other times" in window.text("#content")
    window.click(".chip a")
    window.wait("location.hash.includes('when=any')")
    window.wait("!document.querySelector('.chip') && document.querySelectorAll('.hit').length > 0")
    assert window.run("document.getElementById('query').value") == "heron last week"
    go(window, "#/")
    window.click(".share-name[href*='agent=claude-code']")
    assert "claude-code" in window.wait("document.querySelector('.chip')?.innerText")
    assert window.run("document.querySelectorAll('.hit').length") > 0


def test_what_is_stored_appears_by_itself(shared_stack: Stack, window: Browser) -> None:
    """In the stream of events, and below a conversation that is being read."""
    go(window, "#/live")
    with shared_stack.client() as client:
        client.ingest(said("now-1", time.time_ns() // 1_000_000, "A grebe has come", session_id="now"))
        window.wait("document.querySelector('.entry.fresh')?.innerText.includes('A grebe has come')")
        go(window, "#/session/now")
        client.ingest(said("now-2", time.time_ns() // 1_000_000, "And has gone again", session_id="now"))
        window.wait("document.querySelectorAll('article.turn').length === 2")


def test_a_long_conversation_is_read_in_pages_and_entered_anywhere(shared_stack: Stack, window: Browser) -> None:
    """A link to an event far down leads to it; without one, what follows is fetched when it is wanted."""
    with shared_stack.client() as client:
        client.ingest_many(
            said(f"long-{at:03}", NOW_MS - DAY_MS + at, f"Wave {at}", session_id="long") for at in range(450)
        )
    go(window, "#/session/long?event=long-430")
    window.wait("document.activeElement.id === 'event-long-430'")
    assert window.run("document.querySelectorAll('article.turn').length") == 450
    go(window, "#/session/long")
    assert window.run("document.querySelectorAll('article.turn').length") == 200
    window.click(".reading > div > button")
    window.wait("document.querySelectorAll('article.turn').length === 400")
    window.click(".reading > div > button")
    window.wait("document.querySelectorAll('article.turn').length === 450")
    assert window.run("document.querySelector('.reading > div > button').hidden")


def test_screen_readers_find_their_way(window: Browser) -> None:
    """Landmarks, one main heading, the focus on it, a name for everything that can be used, no id twice."""
    for place in ("#/", WALK_PLACE, "#/session/pond", "#/search?q=heron", "#/live"):
        go(window, place)
        tree = window.accessible()
        roles = [role for role, _ in tree]
        assert {"banner", "navigation", "main", "search"} <= set(roles), place
        unnamed = [role for role, name in tree if role in ("link", "button", "searchbox", "grid", "feed") and not name]
        assert unnamed == [], place
        assert window.run("document.querySelectorAll('h1').length") == 1
        assert window.run("document.documentElement.lang") == "en"
        ids = window.run("[...document.querySelectorAll('[id]')].map((each) => each.id)")
        assert len(ids) == len(set(ids)), place
        assert window.run("document.title").endswith("agent-memory")
        # Headings go down one level at a time.
        levels = window.run("[...document.querySelectorAll('h1, h2, h3')].map((each) => +each.tagName[1])")
        assert all(below <= above + 1 for above, below in pairwise(levels)), (place, levels)
    assert window.run("document.getElementById('notice').getAttribute('aria-live')") == "polite"


def test_it_follows_the_system_s_colours_and_any_width(window: Browser, tmp_path: Path) -> None:
    """Light, dark, without motion; no view is wider than a narrow window."""
    go(window, "#/")
    colour = "getComputedStyle(document.body).backgroundColor"
    window.media(prefers_color_scheme="light")
    light = window.run(colour)
    window.media(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
    assert window.run(colour) != light
    window.size(340, 700)
    for place in ("#/", WALK_PLACE, "#/session/hostile", "#/search?q=kestrel", "#/live"):
        go(window, place)
        assert window.run("document.documentElement.scrollWidth <= innerWidth"), place
    window.media()
    window.size(1280, 900)
    window.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_capture_is_paused_from_the_page(shared_stack: Stack, window: Browser) -> None:
    """By the button or its key; the button says how it is, and goes on with it."""
    go(window, "#/")
    window.press("p")
    window.wait("!!document.querySelector('dialog .choices button')")
    window.click("dialog .choices button:nth-child(2)")
    window.wait("document.querySelector('#capture').innerText.startsWith('Capture paused until')")
    assert "paused until" in shared_stack.run("status").stdout
    window.click("#capture")
    window.wait("!!document.querySelector('dialog .choices button')")
    assert window.text("dialog .choices button") == "Resume now"
    window.click("dialog .choices button")
    window.wait("document.querySelector('#capture').innerText == 'Pause'")


def test_a_conversation_is_forgotten_when_it_is_typed(shared_stack: Stack, window: Browser) -> None:
    """What would go is shown as text; another number does nothing, Escape leaves all as it is."""
    hostile = "An adder <img src=x onerror=window.hacked=8> under the stone"
    with shared_stack.client() as client:
        client.ingest(said("adder", NOW_MS - 3_600_000, hostile, session_id="adders"))
    go(window, "#/session/adders")
    window.click("button.alarm")
    window.wait("!!document.querySelector('dialog .typed')")
    assert window.text("dialog .samples li") == hostile
    window.type("forget 2")
    assert window.run("document.querySelector('dialog button.alarm').disabled") is True
    window.press("Escape")
    window.wait("!document.querySelector('dialog')")
    window.click("button.alarm")
    window.wait("document.activeElement?.classList.contains('typed')")
    window.type("forget 1")
    window.press("Enter")
    window.wait("document.querySelector('dialog')?.innerText.includes('nothing was found')")
    window.click("dialog form button")
    window.wait("location.hash == '#/'")
    assert window.run("window.hacked") is None
    assert "under the stone" not in shared_stack.run("query", "events", "--newest-first").stdout


def test_another_store_is_chosen(shared_stack: Stack, tmp_path: Path) -> None:
    """From a list, where there are several; what is shown is of that store alone."""
    shared_stack.run("stores", "create", "acme")
    try:
        with page(shared_stack) as served, browser(tmp_path) as window:
            window.open(served.link)
            window.wait("!!document.querySelector('#store select')")
            window.wait("document.querySelector('#content').innerText.includes('conversation')")
            window.run(
                "(() => { const list = document.querySelector('#store select'); list.value = 'acme';"
                "list.dispatchEvent(new Event('change')); })()"
            )
            window.wait("document.querySelector('#content').innerText.includes('Nothing is remembered')")
            assert window.complaints == []
    finally:
        shared_stack.run("stores", "remove", "acme", "--yes")


def test_it_says_that_the_daemon_has_ended_and_goes_on_with_the_next(shared_stack: Stack, window: Browser) -> None:
    """With the command to type; what was shown stays; nothing has to be reloaded."""
    go(window, "#/session/pond")
    shared_stack.stop()
    window.wait("!document.getElementById('notice').hidden")
    assert "memory-daemon start" in window.text("#notice")
    assert "third willow" in window.text("#content")
    shared_stack.start()
    window.wait("document.getElementById('notice').hidden")
    # A browser notes every answer that is an error; these were to be expected.
    window.complaints[:] = [each for each in window.complaints if "503" not in each]
    go(window, "#/")


def test_it_says_that_it_is_no_longer_served(shared_stack: Stack, tmp_path: Path) -> None:
    """With the command for another link."""
    with browser(tmp_path) as window:
        with page(shared_stack) as served:
            window.open(served.link)
            window.wait("!!document.querySelector('#content h1')")
        window.wait("document.getElementById('notice').innerText.includes('memory-daemon web')")
        window.open(served.link)

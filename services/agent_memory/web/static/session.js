// A session as a conversation, in pages.

import { ask, Failed } from "./api.js";
import { append, counted, h } from "./dom.js";
import { forgetButton } from "./forget.js";
import { nodeLink, projectName } from "./names.js";
import { clock, dayOf, longDay, ms, span } from "./times.js";
import { turns } from "./turns.js";

// So many pages are read at once to reach the event that is wanted.
const PAGES = 40;

/** The view of the session with that id; `event` is the event to go to, `part` the time of one. */
export async function session({ id, event = "", part = "" }, signal) {
  const { session: found, note, ...first } = await ask("session", { id }, signal);
  if (!found) throw new Failed(note, "REFUSED", 404);
  const reader = new Reader(found.session_id, event, signal);
  reader.add(first);
  for (let page = 0; page < PAGES && reader.more && !reader.holds(event, part); page += 1) await reader.next();
  const days = dayOf(found.start_time_ms) === dayOf(found.end_time_ms) ? `${longDay(found.start_time_ms)}, ` : "";
  const isShort = found.segments.length === 1;
  const texts = [days + span(found.start_time_ms, found.end_time_ms), found.project && projectName(found.project), found.agents.join(", "), counted(found.event_count, "event"), found.is_open && "still going on"];
  return {
    title: found.title || "A conversation",
    element: h(
      "div",
      { class: "reading" },
      h("div", { class: "heading" }, h("h1", { tabindex: -1 }, found.title || "A conversation")),
      h("p", { class: "facts" }, texts.filter(Boolean).join(" · "), isShort && h("a", { class: "button", href: nodeLink(found.segments[0].node_id) }, "Summary and proofs"), forgetButton("this conversation", { session: found.session_id })),
      found.segments.length > 1 && parts(found.segments),
      reader.element,
    ),
    shown: () => reader.goTo(event, part),
    // Read on where one is: what comes in is added below.
    update: () => !reader.more && reader.next(),
  };
}

class Reader {
  constructor(id, chosen, signal) {
    this.id = id;
    this.chosen = new Set(chosen ? [chosen] : []);
    this.signal = signal;
    this.events = [];
    this.more = false;
    this.button = h("button", { type: "button", class: "button", click: () => this.next() }, "Show what follows");
    this.list = h("div", { class: "conversation" });
    this.element = h("div", {}, this.list, this.button);
  }

  add(page) {
    const known = new Set(this.events.map((event) => event.event_id));
    const fresh = page.events.filter((event) => !known.has(event.event_id));
    const last = this.events.at(-1);
    append(this.list, turns(fresh, { lastDay: last ? dayOf(last.timestamp_ms) : "", chosen: this.chosen }));
    this.events.push(...fresh);
    this.cursor = page.cursor ?? this.cursor;
    this.more = page.has_more;
    this.button.hidden = !this.more;
  }

  async next() {
    this.add(await ask("session", { id: this.id, cursor: this.cursor }, this.signal));
  }

  holds(event, part) {
    if (event) return this.events.some((each) => each.event_id === event);
    return !part || this.events.some((each) => ms(each.timestamp_ms) >= ms(part));
  }

  goTo(event, part) {
    const at = event || (part && this.events[0] && ms(part) > ms(this.events[0].timestamp_ms) && this.events.find((each) => ms(each.timestamp_ms) >= ms(part))?.event_id);
    const target = at && document.getElementById(`event-${at}`);
    if (!target) return false;
    for (let above = target; above; above = above.parentElement) if (above.tagName === "DETAILS") above.open = true;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center" });
    return true;
  }
}

function parts(segments) {
  return h(
    "details",
    { class: "parts" },
    h("summary", {}, `Summaries and proofs of its ${segments.length} parts`),
    h("ul", {}, segments.map((each) => h("li", {}, h("a", { href: nodeLink(each.node_id) }, each.title || "Without a title"), h("span", { class: "faint" }, ` ${clock(each.start_time_ms)}`)))),
  );
}

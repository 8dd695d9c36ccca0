// Live: what is being stored, the newest first.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { projectName, sessionLink, speaker } from "./names.js";
import { ago, clock, dayName, dayOf } from "./times.js";

const SHOWN = 200;
const CHARACTERS = 600;

/** The view of the latest events, kept up to date. */
export async function live(_, signal) {
  const list = h("div", { role: "feed", class: "feed", "aria-label": "Latest events" });
  const known = new Set();
  const add = (events, isNew) => {
    for (const event of [...events].reverse()) {
      if (known.has(event.event_id)) continue;
      known.add(event.event_id);
      list.prepend(entry(event, isNew));
    }
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
  };
  add((await ask("newest", {}, signal)).events, false);
  return {
    title: "Live",
    element: h("div", {}, h("h1", { tabindex: -1 }, "Live"), h("p", { class: "facts" }, "What is being remembered, the newest first."), list.childElementCount ? null : h("p", { class: "nothing" }, "Nothing yet. What your agents do appears here."), list),
    update: async () => add((await ask("newest", {}, signal)).events, true),
  };
}

function entry(event, isNew) {
  const role = event.role.replace("EVENT_ROLE_", "").toLowerCase();
  const day = dayOf(event.timestamp_ms);
  const time = ago(day) === "today" ? clock(event.timestamp_ms) : `${dayName(day, { day: "numeric", month: "short" })} ${clock(event.timestamp_ms)}`;
  const text = event.text.length > CHARACTERS ? `${event.text.slice(0, CHARACTERS)}…` : event.text;
  const who = speaker(event.role, event.agent);
  const about = [who !== event.agent && event.agent, event.metadata.project && projectName(event.metadata.project), event.metadata.git_branch].filter(Boolean).join(" · ");
  return h(
    "article",
    { class: `entry by-${role}${isNew ? " fresh" : ""}` },
    h("time", {}, time),
    h("div", {}, h("p", { class: "entry-text" }, text), h("p", { class: "meta" }, h("a", { href: sessionLink(event.session_id, event.event_id), "aria-label": `${who}, ${time}: read the conversation` }, who), about && ` · ${about}`)),
  );
}

// Turns of a conversation: who said what, when; what tools did stays folded.

import { counted, h, written } from "./dom.js";
import { speaker } from "./names.js";
import { clock, dayName, dayOf, ms } from "./times.js";

const LONG_CHARACTERS = 4000;
const LINE_CHARACTERS = 60;
const EDITS = /edit|patch|replace/i;
const QUIET = new Set(["EVENT_TYPE_SESSION_START", "EVENT_TYPE_SESSION_END", "EVENT_TYPE_SUBAGENT_START", "EVENT_TYPE_SUBAGENT_STOP"]);

const isTool = (event) => event.event_type === "EVENT_TYPE_TOOL_RESULT";

/** The events as turns, oldest first; `lastDay` is the day of the turn before them, `chosen` the ids to mark. */
export function turns(events, { lastDay = "", dayTag = "h2", chosen = new Set() } = {}) {
  const found = [];
  let day = lastDay;
  for (let at = 0; at < events.length; ) {
    const event = events[at];
    const own = dayOf(event.timestamp_ms);
    if (own !== day) {
      day = own;
      found.push(h(dayTag, { class: "day-line" }, dayName(day)));
    }
    if (isTool(event)) {
      let after = at;
      while (after < events.length && isTool(events[after]) && dayOf(events[after].timestamp_ms) === day) after += 1;
      found.push(tools(events.slice(at, after), chosen));
      at = after;
    } else {
      found.push(turn(event, chosen.has(event.event_id)));
      at += 1;
    }
  }
  return found;
}

function turn(event, isChosen) {
  const note = event.event_type === "EVENT_TYPE_NOTE" ? ` · ${event.metadata?.note || "note"}` : "";
  const who = `${speaker(event.role, event.agent)}${note}`;
  const time = h("time", { datetime: new Date(ms(event.timestamp_ms)).toISOString() }, clock(event.timestamp_ms));
  if (QUIET.has(event.event_type)) {
    return h("p", { class: "quiet-line", id: `event-${event.event_id}` }, time, " ", event.text);
  }
  const role = event.role.replace("EVENT_ROLE_", "").toLowerCase();
  return h(
    "article",
    { class: `turn ${role}${isChosen ? " chosen" : ""}`, id: `event-${event.event_id}`, "aria-label": `${who}, ${clock(event.timestamp_ms)}` },
    h("header", {}, h("span", { class: "who" }, who), time),
    body(event.text),
  );
}

/** A text; of a very long one only the beginning, until more is wanted. */
function body(text) {
  if (text.length <= LONG_CHARACTERS) return h("div", { class: "said" }, written(text));
  const box = h("div", { class: "said" }, written(`${text.slice(0, LONG_CHARACTERS)}…`));
  const more = h("button", { type: "button", class: "quiet", click: () => box.replaceChildren(...written(text).filter(Boolean)) }, `Show all ${text.length.toLocaleString("en-GB")} characters`);
  box.append(more);
  return box;
}

function tools(events, chosen) {
  const isChosen = events.some((event) => chosen.has(event.event_id));
  if (events.length === 1) return tool(events[0], isChosen);
  const failed = events.filter((event) => event.metadata.success === "false").length;
  const names = [...new Set(events.map(toolName))].join(", ");
  return h(
    "details",
    { class: "tools", open: isChosen },
    h("summary", {}, h("span", { class: "tool-name" }, counted(events.length, "tool call")), h("span", { class: "tool-line" }, names), failed > 0 && h("span", { class: "failed" }, `${failed} failed`)),
    events.map((event) => tool(event, chosen.has(event.event_id))),
  );
}

function tool(event, isChosen) {
  const name = toolName(event);
  const [first, ...rest] = event.text.replace(`${name}: `, "").split("\n");
  // A short first line is seen whole above what is unfolded.
  const shown = first.length > LINE_CHARACTERS || !rest.length ? [first, ...rest] : rest;
  return h(
    "details",
    { class: `tool${isChosen ? " chosen" : ""}`, id: `event-${event.event_id}`, open: isChosen },
    h(
      "summary",
      {},
      h("span", { class: "tool-name" }, name),
      h("code", { class: "tool-line" }, first),
      event.metadata.success === "false" && h("span", { class: "failed" }, "failed"),
      h("time", {}, clock(event.timestamp_ms)),
    ),
    h("pre", { tabindex: 0 }, h("code", {}, EDITS.test(name) ? changes(shown) : shown.join("\n"))),
  );
}

/** The lines of an edit, what was added and what was removed set apart. */
function changes(lines) {
  const kinds = { "+": "added", "-": "removed" };
  return lines.map((line) => h("span", { class: kinds[line[0]] }, `${line}\n`));
}

function toolName(event) {
  return event.metadata.tool_name || /^([\w.:-]+): /.exec(event.text)?.[1] || "Tool";
}

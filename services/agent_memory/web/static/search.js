// Search: what was said, by its words; a time that the words name is a window that can be lifted.

import { ask } from "./api.js";
import { counted, h, marked } from "./dom.js";
import { nodeLink, projectName, searchLink, sessionLink, speaker } from "./names.js";
import { clock, longDay } from "./times.js";

/** The view of the hits for `q`; `when` is a time in words, "any" for none; `project` and `agent` filter. */
export async function search({ q = "", when = "", project = "", agent = "" }, signal) {
  const title = q ? `Search: ${q}` : "Search";
  if (!q.trim() && !project && !agent) return { title, element: h("div", {}, h("h1", { tabindex: -1 }, "Search"), hints()) };
  const reply = await ask("search", { query: q, when, project, agent }, signal);
  return {
    title,
    element: h(
      "div",
      {},
      h("h1", { tabindex: -1, class: "vh" }, title),
      h("p", { class: "search-head" }, h("span", {}, found(reply)), chips(reply, q, { when, project, agent })),
      notes(reply),
      reply.hits.length > 0 ? groups(reply.hits) : nothing(),
    ),
  };
}

function found(reply) {
  if (!reply.hits.length) return "Nothing was found.";
  return `${reply.has_more ? "The best " : ""}${counted(reply.hits.length, "hit")}`;
}

/** What narrows the search, each to be taken away. */
function chips(reply, q, filters) {
  const { when, project, agent } = filters;
  const found = [];
  if (when && when !== "any") found.push(chip(when, "", searchLink(q, { ...filters, when: "" })));
  else if (reply.window) found.push(chip(reply.window_text, reply.window.text, searchLink(q, { ...filters, when: "any" })));
  if (project) found.push(chip(projectName(project), "project", searchLink(q, { ...filters, project: "" })));
  if (agent) found.push(chip(agent, "agent", searchLink(q, { ...filters, agent: "" })));
  return found;
}

function chip(words, text, without) {
  return h("span", { class: "chip" }, h("b", {}, words), text && h("span", {}, text), h("a", { href: without, "aria-label": `Search without “${words}”`, title: `Search without “${words}”` }, "×"));
}

function notes(reply) {
  const texts = reply.corrections.map((each) => `Nothing has “${each.typed}”; looked for “${each.meant}”.`);
  if (reply.note) texts.push(reply.note);
  if (Number(reply.behind) && !reply.index_missing) texts.push(`${counted(reply.behind, "event")} not indexed yet; the newest were looked through one by one.`);
  return texts.map((text) => h("p", { class: "note" }, text));
}

function groups(hits) {
  const order = new Map();
  for (const hit of hits) {
    // What was said a moment ago is in no segment yet.
    const of = hit.node_id || hit.session_id;
    if (!order.has(of)) order.set(of, []);
    order.get(of).push(hit);
  }
  let isOutside = false;
  return [...order.values()].map((group) => {
    const begins = !isOutside && group[0].outside_window;
    isOutside = isOutside || group[0].outside_window;
    return [begins && h("h2", { class: "outside" }, "At other times"), conversation(group)];
  });
}

function conversation(group) {
  const [first] = group;
  const meta = [longDay(first.timestamp_ms), first.project && projectName(first.project), first.agent].filter(Boolean).join(" · ");
  const turns = [...group].sort((one, other) => Number(one.timestamp_ms) - Number(other.timestamp_ms));
  return h("section", { class: "found" }, h("h2", {}, h("a", { class: "item", href: first.node_id ? nodeLink(first.node_id) : sessionLink(first.session_id, first.event_id) }, first.title || "Without a title")), h("p", { class: "meta" }, meta), turns.map(hitTurn));
}

function hitTurn(hit) {
  const words = hit.reason?.words ?? [];
  return h(
    "div",
    { class: "hit" },
    hit.before && neighbour(hit.before, hit.agent),
    h("p", { class: "hit-words" }, h("a", { class: "hit-who", href: sessionLink(hit.session_id, hit.event_id), title: "Read the conversation from here" }, speaker(hit.role, hit.agent), " ", h("time", {}, clock(hit.timestamp_ms))), h("span", {}, marked(hit.snippet, words))),
    hit.after && neighbour(hit.after, hit.agent),
  );
}

function neighbour(turn, agent) {
  return h("p", { class: "neighbour" }, h("span", { class: "hit-who" }, speaker(turn.role, agent)), h("span", {}, turn.text));
}

function hints() {
  const examples = ["why did we choose a token bucket", "what failed last week", '"order confirmation" twice', "deployment yesterday"];
  return h("div", { class: "hints" }, h("p", {}, "Words, a question, or a time in words."), h("ul", {}, examples.map((text) => h("li", {}, h("a", { href: searchLink(text) }, text)))));
}

function nothing() {
  return h("p", { class: "nothing" }, "Fewer or other words may find it. A word in quotes must stand so; -word leaves out what has it.");
}

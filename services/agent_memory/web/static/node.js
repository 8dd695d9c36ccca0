// A node of the table of contents: its lines with their proofs, and what is below it.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { forgetButton } from "./forget.js";
import { heatmap, summary } from "./heatmap.js";
import { conversations, periods } from "./lists.js";
import { below, nodeLink, projectName, searchLink, sessionLink } from "./names.js";
import { lines } from "./proofs.js";
import { ago, longDay, ms, span } from "./times.js";

const KEYWORDS = 12;

/** The view of the node with that id. */
export async function node({ id }, signal) {
  const place = await ask("place", { id }, signal);
  const { node: found } = await ask("node", { id: place.id }, signal);
  const title = found?.title || place.title || "A conversation";
  const around = { before: place.before?.id, after: place.after?.id, up: place.above.at(-1)?.id };
  if (!found) return { ...around, title, element: h("div", {}, head(place, title), h("p", { class: "nothing" }, "Nothing is remembered of that time.")) };
  const isSegment = found.level === "TOC_LEVEL_SEGMENT";
  const [children, year] = await Promise.all([isSegment ? null : allChildren(place.id, signal), yearOf(found, signal)]);
  return {
    title,
    element: h(
      "div",
      {},
      head(place, title, isSegment ? segmentFacts(found) : facts(found)),
      year && heatmap(year, title, summary(year)),
      found.bullets.length > 0 && h("section", { "aria-label": "Summary" }, lines(found.bullets, signal)),
      found.keywords.length > 0 && keywords(found, place),
      children && children.length > 0 && h("section", { "aria-labelledby": "below" }, h("h2", { id: "below" }, below(found.level)), found.level === "TOC_LEVEL_DAY" ? conversations(children) : periods(children)),
    ),
    refresh: found.is_open,
    ...around,
  };
}

async function allChildren(id, signal) {
  const found = [];
  let token;
  do {
    const page = await ask("children", { id, token }, signal);
    found.push(...page.children);
    token = page.has_more ? page.continuation_token : null;
  } while (token);
  return found;
}

/** The days of a year's node. */
async function yearOf(found, signal) {
  if (found.level !== "TOC_LEVEL_YEAR") return null;
  const name = found.node_id.replace("toc:year:", "");
  const { days } = await ask("days", { to: `${name}-12-31` }, signal);
  return days.filter((day) => day.day.startsWith(name));
}

function head(place, title, under = null) {
  return h(
    "div",
    {},
    h("nav", { class: "crumbs", "aria-label": "Where this is" }, h("ol", {}, h("li", {}, h("a", { href: "#/" }, "All")), place.above.map((each) => h("li", {}, h("a", { href: nodeLink(each.id) }, shortTitle(each)))), h("li", { "aria-current": "page" }, shortTitle({ id: place.id, title })))),
    h("div", { class: "heading" }, h("h1", { tabindex: -1 }, title), beside(place)),
    under,
  );
}

function shortTitle({ id, title }) {
  if (id.startsWith("toc:month:")) return title.replace(/ \d+$/, "");
  if (id.startsWith("toc:week:")) return title.replace(/ of .*/, "");
  if (id.startsWith("toc:day:")) return title.replace(/, (\d+ \p{L}+) \d+$/u, " $1");
  return title.length > 48 ? `${title.slice(0, 47).trimEnd()}…` : title;
}

function beside(place) {
  if (!place.after) return null;
  const arrow = (to, sign, key) => to && h("a", { href: nodeLink(to.id), title: `${to.title} (${key})`, "aria-label": to.title }, sign);
  return h("nav", { class: "beside", "aria-label": "Before and after" }, arrow(place.before, "←", "["), arrow(place.after, "→", "]"));
}

function facts(found) {
  const day = found.level === "TOC_LEVEL_DAY" ? ago(found.node_id.replace("toc:day:", "")) : "";
  const texts = [day, found.agents.join(", "), found.is_open && "still going on"].filter(Boolean);
  return h("p", { class: "facts" }, texts.join(" · "), forgetButton("all that was said in this time", { from: found.start_time_ms, to: String(ms(found.end_time_ms) - 1) }));
}

function segmentFacts(found) {
  const texts = [`${longDay(found.start_time_ms)}, ${span(found.start_time_ms, found.end_time_ms)}`, found.project && projectName(found.project), found.agents.join(", "), found.is_open && "still going on"];
  return h("p", { class: "facts" }, texts.filter(Boolean).join(" · "), h("a", { class: "button", href: `${sessionLink(found.session_id)}?part=${found.start_time_ms}` }, "Read the conversation"), forgetButton("this part of the conversation", { session: found.session_id, from: found.start_time_ms, to: found.end_time_ms }));
}

function keywords(found, place) {
  const when = place.title ? place.id.replace(/^toc:\w+:/, "").replace(/:/g, "-") : "";
  return h("p", { class: "keywords" }, h("span", { class: "vh" }, "Keywords: "), found.keywords.slice(0, KEYWORDS).map((word) => h("a", { href: searchLink(word, { when }) }, word)));
}

// Lists of what is below a node.

import { h } from "./dom.js";
import { nodeLink, projectName } from "./names.js";
import { clock } from "./times.js";

/** Conversations, one a line, as links. */
export function conversations(segments) {
  return h(
    "ul",
    { class: "conversations" },
    segments.map((each) =>
      h(
        "li",
        {},
        h("span", { class: "when" }, clock(each.start_time_ms)),
        h(
          "div",
          {},
          h("a", { class: "item", href: nodeLink(each.node_id) }, each.title || "Without a title"),
          each.is_open && h("span", { class: "badge" }, "going on"),
          h("p", { class: "meta" }, [each.project && projectName(each.project), ...each.agents].filter(Boolean).join(" · ")),
        ),
      ),
    ),
  );
}

/** Periods, each with the first of its lines. */
export function periods(children) {
  return h(
    "ul",
    { class: "periods" },
    children.map((each) =>
      h(
        "li",
        {},
        h("h3", {}, h("a", { class: "item", href: nodeLink(each.node_id) }, name(each.title)), each.is_open && h("span", { class: "badge" }, "going on")),
        h("ul", { class: "glimpse" }, each.bullets.slice(0, 3).map((bullet) => h("li", {}, bullet.text))),
        h("p", { class: "meta" }, each.agents.join(" · ")),
      ),
    ),
  );
}

/** A period's title; of a week, its days smaller. */
function name(title) {
  const [, week, days] = /^(.+) of \d+ \((.+)\)$/.exec(title) ?? [];
  return week ? [week, " ", h("span", { class: "faint" }, days.replace(" - ", " – "))] : title;
}

// The start: the year at a glance, the latest days, and who was at work.

import { ask } from "./api.js";
import { h } from "./dom.js";
import { heatmap, summary } from "./heatmap.js";
import { conversations } from "./lists.js";
import { nodeLink, projectName, searchLink } from "./names.js";
import { ago, dayName } from "./times.js";

const LATEST_DAYS = 4;
const ROWS = 6;

/** The view of the last twelve months. */
export async function home(_, signal) {
  const [habits, root] = await Promise.all([ask("days", {}, signal), ask("root", {}, signal)]);
  const events = habits.days.reduce((sum, day) => sum + Number(day.events), 0);
  if (!events && !root.nodes.length) return { title: "agent-memory", element: empty(), refresh: true };
  const latest = habits.days.filter((day) => day.segments).slice(-LATEST_DAYS).reverse();
  const below = await Promise.all(latest.map((day) => ask("children", { id: `toc:day:${day.day}` }, signal)));
  return {
    title: "The last twelve months",
    element: h(
      "div",
      {},
      h("div", { class: "heading" }, h("h1", { tabindex: -1 }, "The last twelve months"), years(root.nodes)),
      heatmap(habits.days, "The last twelve months", summary(habits.days)),
      h(
        "div",
        { class: "columns" },
        h("section", { "aria-labelledby": "latest" }, h("h2", { id: "latest" }, "Latest days"), latest.map((day, at) => latestDay(day, below[at].children))),
        h("aside", { "aria-label": "At work" }, shares("Projects", habits.projects.map((each) => [projectName(each.project_id), each.segments, { project: each.project_id }])), shares("Agents", habits.agents.map((each) => [each.agent || "others", Number(each.events), each.agent && { agent: each.agent }])), hours(habits.hours)),
      ),
    ),
    refresh: true,
  };
}

function years(nodes) {
  return h("nav", { class: "years", "aria-label": "Years" }, nodes.map((node) => h("a", { href: nodeLink(node.node_id) }, node.title)));
}

function latestDay(day, children) {
  return h(
    "section",
    { class: "latest-day" },
    h("h3", {}, h("a", { href: nodeLink(`toc:day:${day.day}`) }, dayName(day.day, { weekday: "long", day: "numeric", month: "long" })), h("span", { class: "faint" }, ago(day.day))),
    conversations([...children].reverse()),
  );
}

function shares(title, rows) {
  if (!rows.length) return null;
  const most = Math.max(...rows.map(([, number]) => number), 1);
  return h(
    "section",
    { class: "shares" },
    h("h2", {}, title),
    h("ul", {}, rows.slice(0, ROWS).map(([name, number, filters]) => h("li", {}, filters ? h("a", { class: "share-name item", href: searchLink("", filters) }, name) : h("span", { class: "share-name" }, name), bar(number / most), h("span", { class: "share-number" }, number.toLocaleString("en-GB"))))),
  );
}

function bar(part) {
  const fill = h("span", { class: "bar-fill" });
  fill.style.inlineSize = `${Math.max(2, Math.round(part * 100))}%`;
  return h("span", { class: "bar-track", "aria-hidden": "true" }, fill);
}

function hours(numbers) {
  const most = Math.max(...numbers, 1);
  const busiest = numbers.indexOf(Math.max(...numbers));
  const bars = numbers.map((number) => {
    const fill = h("span", { class: "hour" });
    fill.style.blockSize = `${Math.round((number / most) * 100)}%`;
    return h("span", { class: "hour-track" }, fill);
  });
  return h(
    "section",
    { class: "shares" },
    h("h2", {}, "Hours"),
    h("div", { class: "hours", role: "img", "aria-label": `Most conversations begin between ${busiest} and ${busiest + 1} o'clock.` }, bars),
    h("p", { class: "hour-names faint", "aria-hidden": "true" }, ["0", "6", "12", "18", "24"].map((name) => h("span", {}, name))),
  );
}

function empty() {
  return h(
    "div",
    { class: "empty" },
    h("h1", { tabindex: -1 }, "Nothing is remembered yet"),
    h("p", {}, "Connect your coding agents with ", h("code", {}, "memory-daemon hooks install --all-found"), ", or add their past sessions with ", h("code", {}, "memory-daemon backfill"), "."),
  );
}

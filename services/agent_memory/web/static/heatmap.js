// The heat map of a span of days: a grid of weeks and weekdays, each day a link.

import { counted, h } from "./dom.js";
import { nodeLink } from "./names.js";
import { dayName, daysAfter, today } from "./times.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const STEPS = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1, PageUp: -28, PageDown: 28 };

const weekday = (day) => (new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7;

/** The heat map; `days` are the daemon's, oldest first, and `summary` stands below while no day is looked at. */
export function heatmap(days, label, summary) {
  const level = levels(days.map((day) => Number(day.events)));
  const lead = weekday(days[0].day);
  const cells = new Map();
  const readout = h("p", { class: "readout", "aria-hidden": "true" }, summary);
  const rows = WEEKDAYS.map((name, row) =>
    h("div", { role: "row", class: "week-row" }, place(h("span", { role: "rowheader", class: `weekday weekday-${row}` }, name), row, 0)),
  );
  const now = today();
  days.forEach((day, number) => {
    const row = weekday(day.day);
    const column = 1 + Math.floor((number + lead) / 7);
    if (day.day > now) {
      rows[row].append(place(h("span", { class: "day ahead", "aria-hidden": "true" }), row, column));
      return;
    }
    const text = said(day);
    const link = h("a", { href: nodeLink(`toc:day:${day.day}`), "aria-label": text, class: `day l${level(Number(day.events))}`, tabindex: -1, "data-day": day.day });
    cells.set(day.day, link);
    const show = () => readout.replaceChildren(text);
    link.addEventListener("mouseenter", show);
    link.addEventListener("focus", show);
    rows[row].append(place(h("div", { role: "gridcell", class: "cell" }, link), row, column));
  });
  const grid = h("div", { role: "grid", class: "heat-grid", "aria-label": `${label}. Arrow keys move by day and week, Page Up and Page Down by four weeks.` }, rows, months(days, lead));
  const rest = () => grid.contains(document.activeElement) || readout.replaceChildren(summary);
  grid.addEventListener("mouseleave", rest);
  grid.addEventListener("focusout", () => setTimeout(rest));
  const latest = walk(grid, cells, days);
  const box = h("div", { class: "heat-scroll" }, grid);
  // Where the map is wider than the window, its latest day is what one came for.
  requestAnimationFrame(() => (box.scrollLeft = latest.offsetLeft - box.clientWidth + 60));
  return h("div", { class: "heat" }, box, h("div", { class: "heat-foot" }, readout, legend()));
}

/** What a span of days holds, in a sentence. */
export function summary(days) {
  const sum = (key) => days.reduce((total, day) => total + Number(day[key]), 0);
  const active = days.filter((day) => Number(day.events)).length;
  return `${counted(sum("events"), "event")} in ${counted(sum("segments"), "conversation")} on ${counted(active, "day")}`;
}

function said(day) {
  const name = dayName(day.day);
  if (!Number(day.events)) return `${name}: nothing`;
  return `${name}: ${counted(day.events, "event")} in ${counted(day.segments, "conversation")}`;
}

/** How strong a number of events is, 0 to 4: by the part of the days with fewer, and half of those with as many. */
function levels(numbers) {
  const found = numbers.filter(Boolean);
  const count = (isSo) => found.filter(isSo).length;
  const known = new Map();
  return (number) => {
    if (!number) return 0;
    if (!known.has(number)) {
      const rank = count((other) => other < number) + count((other) => other === number) / 2;
      known.set(number, Math.ceil((4 * rank) / found.length));
    }
    return known.get(number);
  };
}

function place(element, row, column) {
  element.style.gridRow = row + 2;
  element.style.gridColumn = column + 1;
  return element;
}

function months(days, lead) {
  const found = [];
  let last = -3;
  days.forEach((day, number) => {
    const column = 1 + Math.floor((number + lead) / 7);
    if ((day.day.endsWith("-01") || number === 0) && column - last > 2) {
      if (number === 0 && Number(day.day.slice(8)) > 20) return;
      last = column;
      const name = h("span", { class: "month", "aria-hidden": "true" }, dayName(day.day, { month: "short" }));
      found.push(place(name, -1, column));
    }
  });
  return found;
}

function legend() {
  const steps = [0, 1, 2, 3, 4].map((level) => h("span", { class: `day l${level}` }));
  return h("p", { class: "legend", "aria-hidden": "true" }, "Less", steps, "More");
}

/** One day takes part in the order of Tab; the arrows move it. Returns the one that it begins with, the latest. */
function walk(grid, cells, days) {
  const first = days[0].day;
  const last = [...cells.keys()].at(-1);
  const latest = days.findLast((day) => Number(day.events) && cells.has(day.day));
  let current = cells.get(latest?.day ?? last);
  current.tabIndex = 0;
  const go = (link) => {
    current.tabIndex = -1;
    current = link;
    current.tabIndex = 0;
    current.focus();
  };
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = current.dataset.day;
    let to = event.key === "Home" ? first : event.key === "End" ? last : "";
    if (event.key in STEPS) to = daysAfter(here, STEPS[event.key]);
    if (!to) return;
    event.preventDefault();
    go(cells.get(to < first ? first : to > last ? last : to));
  });
  grid.addEventListener("focusin", (event) => {
    if (event.target.dataset.day && event.target !== current) go(event.target);
  });
  return current;
}

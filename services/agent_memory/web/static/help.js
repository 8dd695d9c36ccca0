// The keys, in a dialog.

import { dialog } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
  ["/", "Search"],
  ["j  k", "Next and previous link of a list"],
  ["[  ]", "Before and after, in time"],
  ["u", "Up, to the longer period"],
  ["y", "The year"],
  ["l", "Live"],
  ["p", "Pause capture, or go on"],
  ["← ↑ ↓ →", "Move in the heat map, Enter opens the day"],
  ["?", "This list"],
];

/** Show the keys until they are closed. */
export function help() {
  const rows = KEYS.map(([keys, what]) => h("tr", {}, h("th", { scope: "row" }, keys.split(/\s+/).map((key) => h("kbd", {}, key))), h("td", {}, what)));
  dialog("Keys", h("table", {}, rows));
}

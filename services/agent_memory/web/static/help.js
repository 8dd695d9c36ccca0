// The keys, in a dialog.

import { h } from "./dom.js";

const KEYS = [
  ["/", "Search"],
  ["j  k", "Next and previous link of a list"],
  ["[  ]", "Before and after, in time"],
  ["u", "Up, to the longer period"],
  ["y", "The year"],
  ["l", "Live"],
  ["← ↑ ↓ →", "Move in the heat map, Enter opens the day"],
  ["?", "This list"],
];

/** Show the keys until they are closed. */
export function help() {
  if (document.querySelector("dialog[open]")) return;
  const rows = KEYS.map(([keys, what]) => h("tr", {}, h("th", { scope: "row" }, keys.split(/\s+/).map((key) => h("kbd", {}, key))), h("td", {}, what)));
  const dialog = h("dialog", { "aria-labelledby": "keys-title", close: () => dialog.remove() }, h("h2", { id: "keys-title" }, "Keys"), h("table", {}, rows), h("form", { method: "dialog" }, h("button", { class: "button" }, "Close")));
  document.body.append(dialog);
  dialog.showModal();
}

// Dialogs: a title, what is in it, and a button that closes it.

import { h } from "./dom.js";

/** Show a dialog over the page, unless there is one; `closed` is called when it ends. Returns the element. */
export function dialog(title, content, closed = () => {}) {
  const open = document.querySelector("dialog[open]");
  if (open) return open;
  const end = () => {
    box.remove();
    closed();
  };
  const box = h("dialog", { "aria-labelledby": "dialog-title", close: end }, h("h2", { id: "dialog-title" }, title), h("div", {}, content), h("form", { method: "dialog" }, h("button", { class: "button" }, "Close")));
  document.body.append(box);
  box.showModal();
  return box;
}

/** Show this in place of what is in the dialog. */
export function refill(box, ...content) {
  box.querySelector("div").replaceChildren(...content);
}

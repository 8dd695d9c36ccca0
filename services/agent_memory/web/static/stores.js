// Which of the daemon's stores is shown: a list to choose from, where there are several.

import { useStore } from "./api.js";
import { h } from "./dom.js";

/** Say which store is shown; `changed` is called when another one is chosen. */
export function showStores({ store, stores }, changed) {
  const place = document.getElementById("store");
  if (stores.length < 2) {
    place.textContent = store === "default" ? "" : store;
    return;
  }
  const list = h("select", { "aria-label": "Store" }, stores.map((name) => h("option", { value: name, selected: name === store }, name)));
  list.addEventListener("change", () => {
    useStore(list.value);
    changed();
  });
  place.replaceChildren(list);
}

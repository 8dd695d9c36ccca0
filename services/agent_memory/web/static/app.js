// The page: which view is shown, what its keys do, and whether the daemon is there.

import { ask, Failed, liveAddress, useToken } from "./api.js";
import { changeCapture, showCapture } from "./capture.js";
import { h } from "./dom.js";
import { help } from "./help.js";
import { home } from "./home.js";
import { live } from "./live.js";
import { nodeLink, searchLink } from "./names.js";
import { node } from "./node.js";
import { search } from "./search.js";
import { session } from "./session.js";
import { showStores } from "./stores.js";
import { useZone } from "./times.js";

// What is stored in bursts is shown a moment later, once.
const SETTLE_MS = 600;
const AGAIN_MS = 2000;

const content = document.getElementById("content");
const notice = document.getElementById("notice");
const query = document.getElementById("query");
const VIEWS = { "": home, node, session, search, live };

let current = {};
let leaving = new AbortController();
let isZoned = false;
let hasStores = false;
let isDown = false;
let again;
let reopen;
const scrolled = new Map();
let shownHash = location.hash;
let isForward = true;

function route() {
  const [path, parameters = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id = ""] = path.split("/");
  return { name: name in VIEWS ? name : "", given: { ...Object.fromEntries(new URLSearchParams(parameters)), id: decodeURIComponent(id) } };
}

async function show({ isSame = false } = {}) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { name, given } = route();
  const waiting = setTimeout(() => (document.getElementById("progress").hidden = false), 150);
  try {
    if (!isZoned) {
      const [stats, about] = await Promise.all([ask("stats", {}, signal), ask("about", {}, signal)]);
      useZone(stats.timezone);
      useToken(about.token);
      if (!hasStores) showStores(about, switched);
      isZoned = hasStores = true;
    }
    showCapture().catch(() => {}); // what can't be asked now is said by the view itself
    const view = await VIEWS[name](given, signal);
    if (signal.aborted) return;
    current = view;
    tell(null);
    content.replaceChildren(view.element);
    document.title = name ? `${view.title} · agent-memory` : "agent-memory";
    if (document.activeElement !== query) query.value = name === "search" ? (given.q ?? "") : "";
    markSection(name);
    if (!isSame) arrive(view);
  } catch (error) {
    if (error.name === "AbortError") return;
    failed(error);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) document.getElementById("progress").hidden = true;
  }
}

/** Begin again, with another store. */
function switched() {
  isZoned = false;
  isForward = true;
  content.replaceChildren();
  reopen();
  if (location.hash === "#/") show();
  else location.hash = "#/";
}

function arrive(view) {
  if (!view.shown?.()) {
    window.scrollTo(0, isForward ? 0 : (scrolled.get(location.hash) ?? 0));
    if (document.activeElement !== query) content.querySelector("h1")?.focus({ preventScroll: true });
  }
  shownHash = location.hash;
  isForward = false;
}

function markSection(name) {
  const section = name === "live" ? "live" : name === "search" ? "" : "year";
  for (const link of document.querySelectorAll("[data-section]")) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Say above the page what is wrong; null takes it away. */
function tell(kind, ...children) {
  isDown = kind !== null;
  notice.hidden = kind === null;
  notice.className = `notice ${kind ?? ""}`;
  notice.replaceChildren(...children);
  document.getElementById("dot").className = `dot ${isDown ? "down" : "up"}`;
}

function failed(error) {
  const code = (text) => h("code", {}, text);
  if (error.reason === "GONE") tell("down", "This page has ended. For another link, type ", code("memory-daemon web"), ".");
  else if (error.reason === "NOT_RUNNING") tell("down", "The daemon is not running. Start it with ", code("memory-daemon start"), "; the page goes on by itself.");
  else if (error.reason === "LOCKED") tell("down", "This browser has not opened the page by its link. For another one, type ", code("memory-daemon web"), ".");
  else if (error.reason === "LATE" || error.reason === "BUSY") tell("down", `${error.message} Trying again. If it stays so: `, code("memory-daemon restart"));
  else {
    tell(null);
    content.replaceChildren(h("div", { class: "empty" }, h("h1", { tabindex: -1 }, "That is not here"), h("p", {}, error.message), h("p", {}, h("a", { href: "#/" }, "To the start"))));
    return;
  }
  clearTimeout(again);
  again = setTimeout(() => isDown && show({ isSame: content.childElementCount > 0 }), AGAIN_MS);
}

async function changed() {
  try {
    if (isDown) await show({ isSame: true });
    else if (current.update) await current.update();
    else if (current.refresh && !content.contains(document.activeElement?.closest?.("a, button, details"))) await show({ isSame: true });
  } catch (error) {
    if (error.name !== "AbortError") failed(error);
  }
}

/** Follow what happens while the page is looked at. */
function follow() {
  let stream;
  let settle;
  const close = () => stream?.close();
  const open = () => {
    close();
    let isFirst = true;
    stream = new EventSource(liveAddress());
    stream.addEventListener("message", (event) => {
      if (!JSON.parse(event.data).up) {
        failed({ reason: "NOT_RUNNING" });
        return;
      }
      if (isFirst && !isDown) {
        isFirst = false;
        return;
      }
      isFirst = false;
      clearTimeout(settle);
      settle = setTimeout(changed, SETTLE_MS);
    });
    stream.addEventListener("ended", () => {
      close();
      failed({ reason: "GONE" });
    });
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else {
      open();
      changed();
    }
  });
  open();
  reopen = open;
}

function keys(event) {
  const isTyping = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && isTyping) query.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const go = (id) => id && (location.hash = nodeLink(id));
  const actions = {
    "/": () => query.select(),
    "?": help,
    "[": () => go(current.before),
    "]": () => go(current.after),
    u: () => (current.up ? go(current.up) : (location.hash = "#/")),
    p: changeCapture,
    l: () => (location.hash = "#/live"),
    y: () => (location.hash = "#/"),
    j: () => step(1),
    k: () => step(-1),
  };
  if (!(event.key in actions)) return;
  event.preventDefault();
  isForward = true;
  actions[event.key]();
}

/** Go to the next link of the list that is shown, or the one before. */
function step(by) {
  const items = [...content.querySelectorAll("a.item, .entry .meta a")];
  const at = items.indexOf(document.activeElement);
  const next = items[at < 0 && by < 0 ? items.length - 1 : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

window.addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof Failed) failed(event.reason);
});
document.addEventListener("keydown", keys);
document.getElementById("help").addEventListener("click", help);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
document.addEventListener("click", (event) => {
  if (event.target.closest('a[href^="#/"]')) isForward = true;
});
document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  isForward = true;
  if (query.value.trim()) location.hash = searchLink(query.value.trim());
});
window.addEventListener("hashchange", () => {
  scrolled.set(shownHash, window.scrollY);
  show();
});
if ("scrollRestoration" in history) history.scrollRestoration = "manual";
show();
follow();

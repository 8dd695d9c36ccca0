// Proofs: the excerpts beside a summary's lines, and the events behind them.

import { ask } from "./api.js";
import { h, inlineCode } from "./dom.js";
import { sessionLink } from "./names.js";
import { clock, dayOf, shortDay } from "./times.js";
import { turns } from "./turns.js";

let count = 0;

/** The lines of a summary with their proofs beside them. */
export function lines(bullets, signal) {
  return h("ol", { class: "lines" }, bullets.map((bullet) => line(bullet, signal)));
}

function line(bullet, signal) {
  const proof = h("div", { class: "proof" });
  const evidence = h("div", { class: "evidence", id: `evidence-${(count += 1)}`, hidden: true });
  const item = h("li", {}, h("p", { class: "line" }, inlineCode(bullet.text)), proof, evidence);
  if (bullet.grip_ids.length) fill(proof, evidence, bullet, signal);
  return item;
}

async function fill(proof, evidence, bullet, signal) {
  let first;
  try {
    first = await ask("grip", { id: bullet.grip_ids[0] }, signal);
  } catch {
    return; // the page has gone on, or the daemon has ended, which is told elsewhere
  }
  if (!first.grip) {
    proof.append(h("p", {}, "Summarized again meanwhile; reload for its proof."));
    return;
  }
  const { grip } = first;
  if (!grip.excerpt) {
    proof.append(h("p", {}, "What proved this line was erased; only the summary was kept."));
    return;
  }
  // A line is often the excerpt itself; saying it twice side by side proves nothing more.
  const isSame = plain(grip.excerpt) === plain(bullet.text);
  const button = h("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-controls": evidence.id }, "Show what was said");
  proof.append(
    isSame ? h("p", { class: "verbatim" }, "Word for word") : h("blockquote", {}, inlineCode(grip.excerpt)),
    h("p", { class: "proof-foot" }, h("time", {}, `${shortDay(grip.timestamp_ms)}, ${clock(grip.timestamp_ms)}`), button),
  );
  button.addEventListener("click", async () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    button.textContent = isOpen ? "Show what was said" : "Hide what was said";
    evidence.hidden = isOpen;
    if (!isOpen && !evidence.childElementCount) await show(evidence, first, bullet.grip_ids.slice(1), signal);
  });
}

/** A text without what only sets it. */
const plain = (text) => text.replace(/[`*_\s]+/g, " ").trim();

async function show(evidence, first, others, signal) {
  evidence.append(excerpt(first));
  for (const id of others) {
    try {
      evidence.append(excerpt(await ask("grip", { id }, signal)));
    } catch {
      return; // the page has gone on, or the daemon has ended, which is told elsewhere
    }
  }
}

function excerpt(reply) {
  const own = reply.excerpt_events;
  const events = [...reply.events_before, ...own, ...reply.events_after].filter((event) => !own.length || event.session_id === own[0].session_id);
  const whole = own.length > 0 && h("a", { class: "onward", href: sessionLink(own[0].session_id, own[0].event_id) }, "Read the conversation from here");
  return h("div", { class: "conversation" }, turns(events, { dayTag: "p", lastDay: events.length ? dayOf(events[0].timestamp_ms) : "", chosen: new Set(own.map((event) => event.event_id)) }), whole);
}

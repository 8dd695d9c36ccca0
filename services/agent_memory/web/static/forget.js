// Forgetting: what would go is shown, and goes when it is typed.

import { change } from "./api.js";
import { dialog, refill } from "./dialog.js";
import { counted, h } from "./dom.js";
import { clock, shortDay } from "./times.js";

/** A button that offers to forget what `selection` means: a session, a time, or both. */
export function forgetButton(what, selection) {
  return h("button", { type: "button", class: "button alarm", click: () => offer(what, selection) }, "Forget…");
}

async function offer(what, selection) {
  let isForgotten = false;
  const box = dialog(`Forget ${what}?`, h("p", {}, "Looking…"), () => isForgotten && (location.hash = "#/"));
  try {
    const found = await change("preview", selection);
    if (!Number(found.events)) refill(box, h("p", {}, "No stored event is meant."));
    else refill(box, ...preview(found), ...confirmation(box, found, selection, () => (isForgotten = true)));
    box.querySelector("input")?.focus();
  } catch (error) {
    refill(box, h("p", {}, error.message));
  }
}

function preview(found) {
  const left = Number(found.events) - found.samples.length;
  const at = (time) => `${shortDay(time)}, ${clock(time)}`;
  return [
    h("p", {}, `${counted(found.events, "event")} of ${counted(found.sessions, "conversation")}, from ${at(found.first_ms)} to ${at(found.last_ms)}:`),
    h("ul", { class: "samples" }, found.samples.map((event) => h("li", {}, event.text)), left > 0 && h("li", { class: "faint" }, `and ${left.toLocaleString("en-GB")} more`)),
  ];
}

function confirmation(box, found, selection, forgotten) {
  const words = `forget ${found.events}`;
  const erase = async () => {
    if (typed.value.trim() !== words) return;
    refill(box, h("p", { role: "status" }, "Erasing, and proving it. This goes on if you leave."));
    try {
      const receipt = await change("forget", { ...selection, events: String(found.events) });
      forgotten();
      refill(box, ...proof(receipt));
    } catch (error) {
      refill(box, h("p", { role: "status" }, error.message));
    }
  };
  const button = h("button", { type: "button", class: "button alarm", disabled: true, click: erase }, "Forget for good");
  const input = () => (button.disabled = typed.value.trim() !== words);
  const typed = h("input", { type: "text", class: "typed", autocomplete: "off", spellcheck: "false", "aria-label": `Type ${words} to do it`, placeholder: words, input, keydown: (event) => event.key === "Enter" && (event.preventDefault(), erase()) });
  return [h("p", {}, "This can't be undone. Type ", h("code", {}, words), " to do it."), h("p", { class: "choices" }, typed, button)];
}

function proof(receipt) {
  const searched = `Looked through ${counted(receipt.rows, "row")} and ${counted(receipt.files, "file")} for ${counted(receipt.passages, "passage")} of it`;
  const result = receipt.proved ? "nothing was found." : "something may be left. Look again with: memory-daemon admin receipt";
  return [
    h("p", { role: "status" }, `Forgotten: ${counted(receipt.events, "event")} of ${counted(receipt.sessions, "conversation")}.`),
    h("p", {}, `${searched}: ${result}`),
    h("p", { class: "soft" }, "Copies elsewhere, such as the agents' own transcripts, were not looked at."),
    receipt.backups.length ? h("div", {}, h("p", {}, "These still hold some of it. Delete them to be rid of it:"), h("ul", { class: "samples" }, receipt.backups.map((folder) => h("li", {}, folder)))) : "",
  ];
}

// Pauses: whether capture is paused, as the button above says, and the dialog that changes it.

import { ask, change } from "./api.js";
import { dialog, refill } from "./dialog.js";
import { h } from "./dom.js";
import { clock, dayOf, shortDay } from "./times.js";

const LENGTHS = [["30m", "30 minutes"], ["2h", "2 hours"], ["1d", "a day"], ["", "until you resume it"]];
// A pause without an end, as the daemon writes it.
const OPEN_END_MS = 9_999_999_999_999;

const button = document.getElementById("capture");
let pausedUntil = 0;

/** Have the button say how it is; raises Failed. */
export async function showCapture() {
  const { capture_paused_until_ms: until } = await ask("capture");
  tell(until);
}

/** Offer to pause, or to go on. */
export function changeCapture() {
  const box = dialog(pausedUntil ? `Capture is ${paused()}` : "Stop remembering", []);
  const does = (name, given) => async () => {
    try {
      await change(name, given);
      await showCapture();
      box.close();
    } catch (error) {
      refill(box, h("p", {}, error.message));
    }
  };
  const choice = (text, click) => h("button", { type: "button", class: "button", click }, text);
  const lengths = LENGTHS.map(([length, words]) => choice(`Pause ${length ? "for " : ""}${words}`, does("pause", { length })));
  refill(box, h("p", { class: "soft" }, "Nothing said meanwhile is stored, and no transcript brings it in later."), h("div", { class: "choices" }, pausedUntil ? choice("Resume now", does("resume", {})) : null, ...lengths));
}

function tell(until) {
  pausedUntil = until ?? 0;
  button.textContent = pausedUntil ? `Capture ${paused()}` : "Pause";
  button.classList.toggle("is-paused", Boolean(pausedUntil));
}

function paused() {
  if (pausedUntil >= OPEN_END_MS) return "paused";
  const isToday = dayOf(pausedUntil) === dayOf(Date.now());
  return `paused until ${isToday ? "" : `${shortDay(pausedUntil)}, `}${clock(pausedUntil)}`;
}

button.addEventListener("click", changeCapture);

// Times, as clocks show them where the store counts its days.

let zone = "UTC";
const formats = new Map();

export function useZone(name) {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    zone = name;
    formats.clear();
  } catch {
    zone = "UTC"; // a zone that this browser does not know
  }
}

function format(at, options, timeZone = zone) {
  const key = JSON.stringify([options, timeZone]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone }));
  return formats.get(key).format(at);
}

/** Milliseconds, as the daemon writes them. */
export const ms = (text) => Number(text);

/** `14:05` */
export const clock = (at) => format(ms(at), { hour: "2-digit", minute: "2-digit" });

/** `Friday, 20 November 2026` */
export const longDay = (at) => dayName(dayOf(at));

/** `20 Nov 2026` */
export const shortDay = (at) => format(ms(at), { day: "numeric", month: "short", year: "numeric" });

/** `2026-11-20`, the day that the instant lies in. */
export function dayOf(at) {
  const parts = format(ms(at), { year: "numeric", month: "2-digit", day: "2-digit" }).split("/");
  return `${parts[2]}-${parts[1]}-${parts[0]}`;
}

/** A day, `2026-11-20`, in words. */
export function dayName(day, options = { weekday: "long", day: "numeric", month: "long", year: "numeric" }) {
  const text = format(Date.parse(`${day}T12:00:00Z`), options, "UTC");
  return options.weekday === "long" ? text.replace(/^(\p{L}+) /u, "$1, ") : text;
}

/** Today, where the store is. */
export const today = () => dayOf(Date.now());

/** The day that many days after a day. */
export function daysAfter(day, count) {
  return new Date(Date.parse(`${day}T12:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** `today`, `yesterday`, `12 days ago`; empty for what is further away than a season. */
export function ago(day) {
  const days = Math.round((Date.parse(today()) - Date.parse(day)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  return days > 1 && days < 100 ? `${days} days ago` : "";
}

/** `14:05 – 15:20`; with days where it does not end on the day on which it began. */
export function span(from, to) {
  if (dayOf(from) === dayOf(to)) return clock(from) === clock(to) ? clock(from) : `${clock(from)} – ${clock(to)}`;
  return `${shortDay(from)} ${clock(from)} – ${shortDay(to)} ${clock(to)}`;
}

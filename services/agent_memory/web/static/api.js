// Questions to the daemon, by way of the page's server.

/** Why there is no answer. `reason` is NOT_RUNNING, LATE, BUSY, REFUSED, WRONG_QUESTION, or GONE where nobody serves. */
export class Failed extends Error {
  constructor(message, reason, status) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

let store = "";
let token = "";

/** Ask about that store of the daemon's from now on. */
export function useStore(name) {
  store = name;
}

/** What the page's server wants to be shown before it changes something. */
export function useToken(text) {
  token = text;
}

/** The address of the stream of what happens. */
export const liveAddress = () => `/api/live?${new URLSearchParams(store && { store })}`;

/** Have something changed; what its command printed. Raises Failed. */
export async function change(name, given) {
  const headers = { "Content-Type": "application/json", "X-Agent-Memory-Token": token };
  return answer(`/api/${name}`, { method: "POST", headers, body: JSON.stringify({ ...given, store }) });
}

/** The answer to a question; parameters without a value are left out. Raises Failed. */
export async function ask(name, parameters = {}, signal = undefined) {
  const given = Object.entries({ store, ...parameters }).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return answer(`/api/${name}?${new URLSearchParams(given)}`, { signal });
}

async function answer(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed("This page is no longer served.", "GONE", 0);
  }
  const body = await response.json();
  if (!response.ok) throw new Failed(body.error, response.status === 401 ? "LOCKED" : body.reason, response.status);
  return body;
}

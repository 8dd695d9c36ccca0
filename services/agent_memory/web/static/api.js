// Questions to the daemon, by way of the page's server.

/** Why there is no answer. `reason` is NOT_RUNNING, LATE, BUSY, REFUSED, WRONG_QUESTION, or GONE where nobody serves. */
export class Failed extends Error {
  constructor(message, reason, status) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

/** The answer to a question; parameters without a value are left out. Raises Failed. */
export async function ask(name, parameters = {}, signal = undefined) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  let response;
  try {
    response = await fetch(`/api/${name}?${new URLSearchParams(given)}`, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed("This page is no longer served.", "GONE", 0);
  }
  const body = await response.json();
  if (!response.ok) throw new Failed(body.error, response.status === 401 ? "LOCKED" : body.reason, response.status);
  return body;
}

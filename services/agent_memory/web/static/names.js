// Names, as people say them, and where they lead.

/** The last part of a project's folder or id. */
export const projectName = (project) => project.replace(/\/+$/, "").split("/").pop() || project;

export const nodeLink = (id) => `#/node/${encodeURIComponent(id)}`;

export const sessionLink = (session, event = "") =>
  `#/session/${encodeURIComponent(session)}${event ? `?event=${encodeURIComponent(event)}` : ""}`;

/** A search; `filters` may hold `when`, `project` and `agent`. */
export const searchLink = (query, filters = {}) => {
  const given = Object.entries({ q: query, ...filters }).filter(([, value]) => value);
  return `#/search?${new URLSearchParams(given)}`;
};

const ROLES = { EVENT_ROLE_USER: "You", EVENT_ROLE_SYSTEM: "System", EVENT_ROLE_TOOL: "Tool" };

/** Who speaks. */
export const speaker = (role, agent) => ROLES[role] ?? agent ?? "Agent";

const BELOW = { YEAR: "Months", MONTH: "Weeks", WEEK: "Days", DAY: "Conversations" };

/** What the nodes below one of that level are. */
export const below = (level) => BELOW[level.replace("TOC_LEVEL_", "")] ?? "";

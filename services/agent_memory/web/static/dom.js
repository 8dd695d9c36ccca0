// Elements. All text becomes text nodes: nothing that is recalled can become markup.

/** An element with attributes, listeners (functions, by the name of their event) and children (elements, texts, lists). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Add children; lists are flattened, what is null or false is left out. */
export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Text of which the given words are marked, whatever their case. */
export function marked(text, words) {
  const wanted = words.filter((word) => word.length > 1).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!wanted.length) return [text];
  const parts = text.split(new RegExp(`(${wanted.join("|")})`, "giu"));
  return parts.map((part, place) => (place % 2 ? h("mark", {}, part) : part));
}

/** What somebody wrote: paragraphs as they are; what stands between fences or backticks as code. */
export function written(text) {
  const parts = text.split(/^```[^\n]*\n([\s\S]*?)^```[^\S\n]*$/m);
  return parts.map((part, place) => {
    if (place % 2) return h("pre", { tabindex: 0 }, h("code", {}, part.replace(/\n$/, "")));
    const trimmed = part.replace(/^\n+|\n+$/g, "");
    return trimmed && h("div", { class: "words" }, inlineCode(trimmed));
  });
}

/** A text in which what stands between backticks is code. */
export function inlineCode(text) {
  return text.split(/`([^`\n]+)`/).map((part, place) => (place % 2 ? h("code", {}, part) : part));
}

/** `3 events`, `1 event`. */
export function counted(number, one, many = `${one}s`) {
  return `${Number(number).toLocaleString("en-GB")} ${Number(number) === 1 ? one : many}`;
}

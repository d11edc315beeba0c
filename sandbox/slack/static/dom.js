// Builds DOM nodes. Data only ever becomes text nodes and attributes: nothing here parses markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "multiple", "open"]);

/** A node: `on` holds listeners, `data` holds data-* attributes, empty values are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    setAttribute(node, name, value);
  }
  node.append(...children.flat(3).filter((child) => child || child === 0));
  return node;
}

function setAttribute(node, name, value) {
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "data") {
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined && item !== null) node.dataset[key] = item;
    }
  } else if (name === "class") {
    node.className = value;
  } else if (PROPERTIES.has(name)) {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : value);
  }
}

/** The address if it is one a person may open from here, else null (no script, data or file links). */
export function safeUrl(url) {
  try {
    const { protocol } = new URL(url, location.href);
    return ["http:", "https:", "mailto:"].includes(protocol) ? url : null;
  } catch {
    return null;
  }
}

/** The place on this page that a permalink of this workspace names, or null. */
function ownPlace(url) {
  const { origin, pathname } = new URL(url, location.href);
  const [, channel, seconds, rest] = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(pathname) ?? [];
  return channel && origin === location.origin ? `#/${channel}?thread=${seconds}.${rest}` : null;
}

/** A link to another tab that tells the other side nothing; plain text if the address is not safe. */
export function outsideLink(url, children, attributes = {}) {
  const address = safeUrl(url);
  const inside = address && ownPlace(address);
  if (inside) return h("a", { ...attributes, href: inside }, children);
  if (!address) return h("span", {}, children);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", ...attributes }, children);
}

let lastId = 0;
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

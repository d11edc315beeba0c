// Slack's mrkdwn and plain text as DOM nodes. Whatever is not markup we know stays visible text.

import { formatSlackDate, exactTime } from "./dates.js";
import { h, outsideLink } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelName, isSelf, personName } from "./names.js";
import { preformatted } from "./pre.js";

const styled = (mark) =>
  `(?<![\\p{L}\\p{N}${mark}])${mark}(?!\\s)([^${mark}\\n]+?)(?<!\\s)${mark}(?![\\p{L}\\p{N}${mark}])`;

const INLINE = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`([^`\\n]+)`",
    styled("\\*"),
    styled("_"),
    styled("~"),
    ":([a-z0-9_+-]+):",
    "(https?://[^\\s<>|]*[^\\s<>|.,;:!?)'\"*_~`])",
  ].join("|"),
  "gu",
);

const LINKED = /^(https?:|mailto:)/i;

/** Escaped characters back to themselves, once. */
export function unescapeText(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** Any Block Kit text object (or bare string, taken as plain) as nodes. */
export function textNodes(object) {
  if (!object) return [];
  if (typeof object === "string") return plainNodes(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text ?? "") : plainNodes(object.text ?? "");
}

/** A text object as one string, for labels and titles. */
export function plainText(object) {
  if (!object) return "";
  return unescapeText(typeof object === "string" ? object : (object.text ?? ""));
}

function plainNodes(text) {
  return withGaps(text, /:([a-z0-9_+-]+):/g, unescapeText, ([whole, name]) => emoji(name) ?? whole);
}

/** Paragraph-level marks first: fences, quotes, list lines; then the inline ones. */
export function mrkdwn(text) {
  const nodes = [];
  text.split(/```/).forEach((part, index, parts) => {
    const fenced = index % 2 === 1 && index < parts.length - 1;
    if (fenced) nodes.push(preformatted(unescapeText(part.replace(/^\n|\n$/g, ""))));
    else
      nodes.push(...paragraphs(index % 2 === 1 ? "```" + part : trimNextToFence(part, index, parts.length)));
  });
  return nodes;
}

function trimNextToFence(part, index, count) {
  const start = index > 0 ? part.replace(/^\n/, "") : part;
  return index < count - 1 ? start.replace(/\n$/, "") : start;
}

function paragraphs(text) {
  if (!text) return [];
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = /^(?:>|&gt;)\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote", { class: "quote" })));
      quote.append(h("div", {}, inline(quoted[1])));
      return;
    }
    const afterBlock =
      nodes.at(-1)?.nodeType === Node.ELEMENT_NODE && nodes.at(-1).matches("blockquote, .item");
    quote = null;
    const item = /^\s*([•◦▪–-]|\d+[.)])\s+(.*)$/.exec(line);
    if (item) {
      nodes.push(
        h(
          "div",
          { class: "item" },
          h("span", { class: "bullet" }, item[1] === "-" ? "•" : item[1]),
          h("span", {}, inline(item[2])),
        ),
      );
      return;
    }
    if (index > 0 && !afterBlock) nodes.push(h("br"));
    nodes.push(...inline(line));
  });
  return nodes;
}

/** Inline marks of one line; the marks nest by recursion on ever shorter text. */
export function inline(text) {
  return withGaps(text, INLINE, unescapeText, ([whole, angle, code, bold, italic, strike, short, url]) => {
    if (angle !== undefined) return angled(angle) ?? unescapeText(whole);
    if (code !== undefined) return h("code", { class: "code" }, unescapeText(code));
    if (bold !== undefined) return h("strong", {}, inline(bold));
    if (italic !== undefined) return h("em", {}, inline(italic));
    if (strike !== undefined) return h("del", {}, inline(strike));
    if (short !== undefined) return emoji(short) ?? whole;
    return outsideLink(unescapeText(url), unescapeText(url));
  });
}

/** Nodes for each match of `pattern`, and decoded text for what lies between. */
function withGaps(text, pattern, decode, render) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) nodes.push(decode(text.slice(from, match.index)));
    nodes.push(render(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(decode(text.slice(from)));
  return nodes;
}

/** What stands between < and >: mention, channel, date, link; null when it is none of them. */
function angled(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescapeText(body.slice(bar + 1));
  if (/^@[UW]\w+$/.test(target)) return mention(target.slice(1));
  if (/^#[CG]\w+$/.test(target)) return channelLink(target.slice(1), label);
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, label || "@group");
  if (/^!(here|channel|everyone)$/.test(target))
    return h("span", { class: "mention" }, `@${target.slice(1)}`);
  if (LINKED.test(target)) return outsideLink(unescapeText(target), label || unescapeText(target));
  return null;
}

export function mention(id) {
  return h(
    "span",
    { class: isSelf(id) ? "mention mention-self" : "mention", data: { user: id } },
    `@${personName(id)}`,
  );
}

export function channelLink(id, label = "") {
  return h("a", { class: "mention", href: `#/${encodeURIComponent(id)}` }, `#${label || channelName(id)}`);
}

function dateNode(target, fallback) {
  const [, epoch, pattern = "", link] = target.split("^");
  const text = formatSlackDate(epoch, unescapeText(pattern)) ?? fallback;
  const node = h("time", { class: "date", title: exactOrFallback(epoch, fallback) }, text);
  return link ? outsideLink(unescapeText(link), node) : node;
}

function exactOrFallback(epoch, fallback) {
  const date = new Date(Number(epoch) * 1000);
  return Number.isNaN(date.getTime()) ? fallback : exactTime(date);
}

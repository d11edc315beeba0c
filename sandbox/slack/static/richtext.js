// rich_text blocks as DOM nodes: sections, lists, quotes, preformatted text and their leaves.

import { formatSlackDate } from "./dates.js";
import { h, outsideLink } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelLink, mention } from "./mrkdwn.js";
import { preformatted } from "./pre.js";

export function richText(block) {
  return h("div", { class: "richtext" }, (block.elements ?? []).map(part));
}

function part(element) {
  const children = element.elements ?? [];
  switch (element.type) {
    case "rich_text_section":
      return h("div", { class: "rt-section" }, children.map(leaf));
    case "rich_text_list":
      return list(element, children);
    case "rich_text_preformatted":
      return preformatted(children.map(leaf));
    case "rich_text_quote":
      return h("blockquote", { class: "quote" }, children.map(leaf));
    default:
      return h("div", { class: "unknown" }, `[${element.type}]`);
  }
}

function list(element, children) {
  const depth = Math.min(Number(element.indent) || 0, 6);
  return h(
    element.style === "ordered" ? "ol" : "ul",
    { class: `rt-list rt-depth-${depth}`, start: element.offset ? element.offset + 1 : null },
    children.map((section) => h("li", {}, (section.elements ?? []).map(leaf))),
  );
}

function leaf(element) {
  return styledNode(element.style ?? {}, leafContent(element));
}

function leafContent(element) {
  switch (element.type) {
    case "text":
      return element.text ?? "";
    case "link":
      return outsideLink(element.url, element.text || element.url);
    case "user":
      return mention(element.user_id);
    case "channel":
      return channelLink(element.channel_id);
    case "broadcast":
      return h("span", { class: "mention" }, `@${element.range}`);
    case "usergroup":
      return h("span", { class: "mention" }, `@${element.usergroup_id}`);
    case "emoji":
      return emoji(element.name) ?? `:${element.name}:`;
    case "date":
      return h(
        "time",
        { class: "date" },
        formatSlackDate(String(element.timestamp), element.format ?? "") ?? element.fallback ?? "",
      );
    case "color":
      return h("code", { class: "code" }, element.value ?? "");
    default:
      return `[${element.type}]`;
  }
}

function styledNode(style, content) {
  let node = content;
  if (style.code) node = h("code", { class: "code" }, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("del", {}, node);
  return node;
}

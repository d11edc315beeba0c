// The `markdown` block: standard Markdown (headings, lists, tables, code, links) as DOM nodes.

import { h, outsideLink } from "./dom.js";
import { emoji } from "./emoji.js";
import { preformatted } from "./pre.js";

const INLINE =
  /`([^`\n]+)`|\[([^\]\n]+)\]\(([^()\s]+)\)|\*\*(?!\s)(.+?)\*\*|~~(.+?)~~|(?<![\w*])[*_](?!\s)([^*_\n]+?)[*_](?![\w*])|:([a-z0-9_+-]+):|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"])/g;

const RULES = [
  { test: /^```/, take: fence },
  { test: /^#{1,6}\s+/, take: heading },
  { test: /^(-{3,}|\*{3,})\s*$/, take: (lines) => [h("hr", { class: "divider" }), lines.slice(1)] },
  { test: /^>\s?/, take: quote },
  { test: /^\s*([-*+]|\d+[.)])\s+/, take: list },
  { test: /^\|.*\|\s*$/, take: table },
  { test: /^\s*$/, take: (lines) => [null, lines.slice(1)] },
];

export function markdown(text) {
  const nodes = [];
  let lines = text.replace(/\r\n?/g, "\n").split("\n");
  while (lines.length) {
    const rule = RULES.find(({ test }) => test.test(lines[0]));
    const [node, rest] = (rule?.take ?? paragraph)(lines);
    if (node) nodes.push(node);
    lines = rest;
  }
  return h("div", { class: "markdown" }, nodes);
}

/** The leading lines that match, cleaned, and what is left. */
function span(lines, pattern) {
  const end = lines.findIndex((line) => !pattern.test(line));
  return end < 0 ? [lines, []] : [lines.slice(0, end), lines.slice(end)];
}

function fence(lines) {
  const end = lines.findIndex((line, index) => index > 0 && /^```/.test(line));
  const stop = end < 0 ? lines.length : end;
  return [preformatted(lines.slice(1, stop).join("\n")), lines.slice(stop + 1)];
}

function heading(lines) {
  const [, marks, title] = /^(#+)\s+(.*)$/.exec(lines[0]) ?? [null, "#", lines[0]];
  return [h(`h${Math.min(marks.length + 2, 6)}`, { class: "md-heading" }, inline(title)), lines.slice(1)];
}

function quote(lines) {
  const [mine, rest] = span(lines, /^>/);
  return [
    h(
      "blockquote",
      { class: "quote" },
      mine.map((line) => h("div", {}, inline(line.replace(/^>\s?/, "")))),
    ),
    rest,
  ];
}

function list(lines) {
  const [mine, rest] = span(lines, /^\s*([-*+]|\d+[.)])\s+/);
  const ordered = /^\s*\d/.test(mine[0]);
  const items = mine.map((line) => {
    const [, indent, body] = /^(\s*)(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line) ?? [null, "", line];
    return h("li", { class: indent.length >= 2 ? "md-deeper" : null }, inline(body));
  });
  return [h(ordered ? "ol" : "ul", { class: "rt-list" }, items), rest];
}

function table(lines) {
  const [mine, rest] = span(lines, /^\|/);
  const rows = mine
    .map((line) =>
      line
        .trim()
        .replace(/^\||\|$/g, "")
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter((cells) => !cells.every((cell) => /^:?-{2,}:?$/.test(cell)));
  const body = rows.map((cells, row) =>
    h(
      "tr",
      {},
      cells.map((cell) => h(row ? "td" : "th", {}, inline(cell))),
    ),
  );
  return [h("div", { class: "table-frame" }, h("table", { class: "table" }, h("tbody", {}, body))), rest];
}

function paragraph(lines) {
  const end = lines.findIndex((line, index) => index > 0 && RULES.some(({ test }) => test.test(line)));
  const mine = end < 0 ? lines : lines.slice(0, end);
  const content = mine.flatMap((line, index) => (index ? [h("br"), ...inline(line)] : inline(line)));
  return [h("p", {}, content), end < 0 ? [] : lines.slice(end)];
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, match.index), mark(match));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

function mark([whole, code, label, target, bold, strike, italic, short, url]) {
  if (code !== undefined) return h("code", { class: "code" }, code);
  if (label !== undefined) return outsideLink(target, label);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (strike !== undefined) return h("del", {}, inline(strike));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (short !== undefined) return emoji(short) ?? whole;
  return outsideLink(url, url);
}

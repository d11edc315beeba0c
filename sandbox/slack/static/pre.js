// Preformatted text with a button that copies it: a signing request has to get to the vendor's desk whole.

import { h } from "./dom.js";

const TOLD_MS = 1500;

/** Text in words of their own, its blanks and line ends as they are; other nodes as they are. */
const inWords = (child) =>
  typeof child === "string"
    ? child.split(/(\s+)/).map((part) => (part.trim() ? h("span", { class: "word" }, part) : part))
    : child;

/** `children` as a block of monospaced text; the copy is exactly what it shows. */
export function preformatted(children) {
  const text = h("pre", { class: "pre" }, [children].flat().map(inWords));
  const copy = h("button", { type: "button", class: "button copy", data: { copy: "true" } }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), TOLD_MS);
  });
  return h("div", { class: "pre-frame" }, text, copy);
}

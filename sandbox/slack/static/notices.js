// Short notices at the foot of the window: what went wrong, and what to do next.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 9000;

export function notice(text) {
  const close = () => node.remove();
  const node = h(
    "div",
    { class: "notice", data: { notice: "page" } },
    icon("warning"),
    h("span", { class: "grow" }, text),
    h(
      "button",
      { type: "button", class: "iconbutton", "aria-label": "Close this notice", on: { click: close } },
      icon("close"),
    ),
  );
  document.getElementById("notices").replaceChildren(node);
  setTimeout(close, SHOWN_MS);
}

/** Run something a person asked for; its failure becomes a notice. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    notice(error.message);
    return null;
  }
}

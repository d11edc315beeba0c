// What is clicked at once: buttons, overflow menus, icon and feedback buttons, with their `confirm`.

import { h, outsideLink, safeUrl } from "./dom.js";
import { askConfirm } from "./confirm.js";
import { icon } from "./icons.js";
import { popMenu } from "./menu.js";
import { plainText, textNodes } from "./mrkdwn.js";

export function button(element, attributes, act) {
  const style = ["primary", "danger"].includes(element.style) ? ` button-${element.style}` : "";
  const label = { "aria-label": element.accessibility_label, class: `button${style}` };
  const send = (node) => pressed(node, element, () => act({ value: element.value ?? null }));
  if (element.url && safeUrl(element.url)) {
    return outsideLink(element.url, [textNodes(element.text), icon("out")], {
      ...attributes,
      ...label,
      on: { click: (event) => send(event.currentTarget) },
    });
  }
  return h(
    "button",
    { type: "button", ...attributes, ...label, on: { click: (event) => send(event.currentTarget) } },
    textNodes(element.text),
  );
}

export function iconButton(element, attributes, act) {
  const text = plainText(element.text);
  const click = (event) => pressed(event.currentTarget, element, () => act({ value: element.value ?? null }));
  return h(
    "button",
    {
      type: "button",
      ...attributes,
      class: "iconbutton",
      title: text,
      "aria-label": element.accessibility_label ?? text,
      on: { click },
    },
    icon(element.icon),
  );
}

export function feedbackButtons(element, attributes, act) {
  const one = (half, picture) => {
    const text = plainText(half.text);
    const click = (event) => pressed(event.currentTarget, element, () => act({ value: half.value }));
    return h(
      "button",
      {
        type: "button",
        class: "iconbutton",
        title: text,
        "aria-label": half.accessibility_label ?? text,
        on: { click },
      },
      icon(picture),
    );
  };
  return h(
    "span",
    { ...attributes, class: "feedback" },
    one(element.positive_button ?? {}, "up"),
    one(element.negative_button ?? {}, "down"),
  );
}

export function overflow(element, attributes, act) {
  const choose = (option, opener) => pressed(opener, element, () => act({ selected_option: option }));
  const open = (event) => {
    const opener = event.currentTarget;
    const entries = (element.options ?? []).map((option) => ({
      label: plainText(option.text),
      detail: plainText(option.description),
      data: { value: option.value },
      run: () => choose(option, opener),
    }));
    popMenu(opener, entries);
  };
  return h(
    "button",
    {
      type: "button",
      ...attributes,
      class: "iconbutton boxed",
      "aria-label": "More choices",
      "aria-haspopup": "menu",
      on: { click: open },
    },
    icon("more"),
  );
}

/** Ask first if the app wants that, then show that the click is under way and whether it was taken. */
export async function pressed(node, element, send) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await askConfirm(element.confirm))) return;
  node.parentElement?.querySelector(":scope > .missed")?.remove();
  node.setAttribute("aria-busy", "true");
  const problem = await send();
  node.removeAttribute("aria-busy");
  if (problem) node.after(missed(problem));
}

function missed(problem) {
  return h(
    "span",
    { class: "missed", role: "alert", title: problem, data: { missed: "true" } },
    icon("warning"),
    h("span", { class: "visually-hidden" }, problem),
  );
}

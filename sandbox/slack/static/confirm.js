// The dialog a button's `confirm` asks for. It lives in the page only: the app never hears of a "no".

import { h } from "./dom.js";
import { textNodes } from "./mrkdwn.js";

/** True when the person says yes. */
export function askConfirm({ title, text, confirm, deny, style }) {
  const dialog = document.getElementById("confirm");
  const yesClass = style === "danger" ? "button button-danger" : "button button-primary";
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close();
      resolve(answer);
    };
    const no = h(
      "button",
      { type: "button", class: "button", data: { confirm: "no" }, on: { click: () => finish(false) } },
      textNodes(deny ?? "Cancel"),
    );
    const yes = h(
      "button",
      { type: "button", class: yesClass, data: { confirm: "yes" }, on: { click: () => finish(true) } },
      textNodes(confirm ?? "Yes"),
    );
    dialog.replaceChildren(
      h("h2", { id: "confirm-title" }, textNodes(title ?? "Are you sure?")),
      h("div", { class: "confirm-text" }, textNodes(text)),
      h("footer", { class: "dialog-foot" }, no, yes),
    );
    dialog.setAttribute("aria-labelledby", "confirm-title");
    dialog.oncancel = () => resolve(false);
    dialog.showModal();
    no.focus();
  });
}

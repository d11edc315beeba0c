// The top of the page: whose eyes we look through, whether the app is connected, the other tabs.

import { h, outsideLink } from "./dom.js";
import { icon } from "./icons.js";
import { avatarOf } from "./names.js";

export function avatar(name, size = "") {
  const { letters, tone } = avatarOf(name);
  return h("span", { class: `avatar tone-${tone} ${size}`.trim(), "aria-hidden": "true" }, letters);
}

/** Draw the bar; `actAs(userId)` runs on a switch, `tools` are nodes kept at the right end. */
export function showTopbar(root, { workspace, as, actAs, tools }) {
  const humans = workspace.users.filter((user) => !user.is_bot);
  root.replaceChildren(
    h(
      "div",
      { class: "brand" },
      h("strong", {}, workspace.team?.name ?? "Sandbox"),
      h("small", {}, "sandbox of Slack"),
    ),
    h(
      "div",
      { class: "actors", role: "radiogroup", "aria-label": "Act as" },
      h("span", { class: "actors-label", "aria-hidden": "true" }, "Act as"),
      humans.map((user) => actor(user, user.id === as, actAs)),
    ),
    h("div", { class: "tools" }, appState(workspace.app), (workspace.links ?? []).map(otherTab), tools),
  );
}

function actor(user, isChosen, actAs) {
  const name = user.real_name || user.name;
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...event.currentTarget.parentElement.querySelectorAll("[role=radio]")];
    all.at((all.indexOf(event.currentTarget) + step) % all.length).click();
  };
  return h(
    "button",
    {
      type: "button",
      class: "actor",
      role: "radio",
      "aria-checked": String(isChosen),
      tabindex: isChosen ? "0" : "-1",
      data: { actAs: user.id, role: user.title },
      on: { click: () => actAs(user.id), keydown: move },
    },
    avatar(name, "small"),
    h("span", {}, h("span", { class: "actor-name" }, name), h("small", {}, user.title ?? "")),
  );
}

function appState(app) {
  if (!app) return null;
  const word = app.connected ? "connected" : "not connected";
  return h(
    "span",
    {
      class: `pill ${app.connected ? "is-up" : "is-down"}`,
      data: { app: word },
      title: `${app.name}, ${app.mode} mode`,
    },
    h("i", { class: "dot" }),
    `${app.name} ${word}`,
  );
}

function otherTab(link) {
  return outsideLink(link.url, [link.title, icon("out")], { class: "tab-link" });
}

// Under the hood, for the curious: the last deliveries and calls, and faults to order for the next ones.

import * as control from "./control.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { attempt } from "./notices.js";

const ROWS = 8;

const FAULTS = [
  {
    label: "Delay the next delivery to the app by 4 s",
    wish: { delivery: "*", do: "delay", seconds: 4, times: 1 },
  },
  { label: "Deliver the next thing twice", wish: { delivery: "*", do: "duplicate", times: 1 } },
  {
    label: "Lose the app's next acknowledgement",
    wish: { delivery: "*", do: "drop_after_commit", times: 1 },
  },
  { label: "Cut the app's connections", wish: { delivery: "*", do: "disconnect", times: 1 } },
  {
    label: "Post the next message, but lose the answer",
    wish: { method: "chat.postMessage", do: "drop_after_commit", times: 1 },
  },
  {
    label: "Refuse the next message as ratelimited",
    wish: { method: "chat.postMessage", do: "status", status: 429, seconds: 2, times: 1 },
  },
  {
    label: "Fail the next chat.update",
    wish: { method: "chat.update", do: "error", error: "internal_error", times: 1 },
  },
];

/** The panel as one <details>; `refresh` fills its lists while it is open. */
export function troublePanel() {
  const state = h("p", { class: "trouble-state", role: "status" }, "All calm.");
  const lists = h("div", { class: "wires" });
  const order = (fault) =>
    attempt(async () => {
      await control.trouble(fault.wish);
      state.textContent = `Ordered: ${fault.label}.`;
    });
  const clear = () =>
    attempt(async () => {
      await control.clearTrouble();
      state.textContent = "All calm.";
    });
  const forward = (seconds, words) =>
    attempt(async () => {
      await control.advanceClock(seconds);
      state.textContent = `Slack's clock went ${words} on.`;
    });
  const node = h(
    "details",
    { class: "trouble", data: { trouble: "panel" } },
    h("summary", {}, icon("bolt"), "Trouble"),
    h(
      "div",
      { class: "trouble-panel" },
      h("h2", {}, "Make some trouble"),
      h(
        "div",
        { class: "trouble-buttons" },
        FAULTS.map((fault) =>
          plainButton(
            fault.label,
            () => order(fault),
            `${fault.wish.method ?? fault.wish.delivery} ${fault.wish.do}`,
          ),
        ),
      ),
      h(
        "div",
        { class: "trouble-row" },
        plainButton("Clock +1 hour", () => forward(3600, "one hour")),
        plainButton("Clock +1 day", () => forward(86_400, "one day")),
        plainButton("Calm again", clear, "clear"),
      ),
      state,
      lists,
    ),
  );

  async function refresh() {
    if (!node.open) return;
    await attempt(async () => {
      const [sent, called] = await Promise.all([control.deliveries(), control.calls()]);
      lists.replaceChildren(
        wireList("Sent to the app", sent.deliveries, (item) => [
          item.what && item.what !== item.type ? `${item.type}, ${item.what}` : item.type,
          item.acked ? `acked in ${Math.round(item.ack_ms)} ms` : "no ack",
          item.acked,
        ]),
        wireList("Asked by the app", called.calls, (item) => [
          item.method,
          item.ok ? "ok" : item.error,
          item.ok,
        ]),
      );
    });
  }
  node.addEventListener("toggle", refresh);
  node.addEventListener("keydown", (event) => event.key === "Escape" && (node.open = false));
  document.addEventListener("pointerdown", (event) => node.contains(event.target) || (node.open = false));
  return { node, refresh };
}

function plainButton(label, click, fault) {
  return h("button", { type: "button", class: "button", data: { fault }, on: { click } }, label);
}

function wireList(title, items, words) {
  const rows = (items ?? [])
    .slice(-ROWS)
    .reverse()
    .map((item) => {
      const [what, how, good] = words(item);
      return h(
        "li",
        {},
        h("span", { class: "grow" }, what),
        h("small", { class: good ? "good" : "bad" }, how),
      );
    });
  return h(
    "section",
    {},
    h("h2", {}, title),
    h("ol", { reversed: true }, rows.length ? rows : h("li", { class: "faint" }, "Nothing yet.")),
  );
}

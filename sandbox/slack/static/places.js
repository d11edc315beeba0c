// What a pane says of itself: its head, its message box's hint, and what stands there while it is empty.

import { h } from "./dom.js";
import { firstSteps } from "./guide.js";
import { icon } from "./icons.js";
import { personName } from "./names.js";
import { isDirect, titleOf } from "./sidebar.js";

/** A channel's place for `conversation`: key, head, placeholder, empty. */
export function channelPlace(channel, { as, workspace }) {
  const title = titleOf(channel, as);
  const direct = isDirect(channel);
  const people = (channel.members ?? []).map(personName).join(", ");
  return {
    key: `${as}/${channel.id}`,
    placeholder: direct ? `Message ${title}` : `Message #${title}, or type / for a command`,
    head: [
      direct ? "" : icon(channel.is_private ? "lock" : "hash"),
      h("h1", {}, title),
      h("span", { class: "faint members" }, direct ? "" : people),
    ],
    empty: () => (direct ? h("p", { class: "empty" }, "Nothing here yet.") : firstSteps(workspace)),
  };
}

/** A thread's place; `close` runs when the person is done with it. */
export function threadPlace(channel, { as, thread }, close) {
  const button = h(
    "button",
    {
      type: "button",
      class: "iconbutton",
      "aria-label": "Close the thread",
      data: { closeThread: "true" },
      on: { click: close },
    },
    icon("close"),
  );
  return {
    key: `${as}/${channel.id}/${thread}`,
    placeholder: "Reply…",
    head: [h("h1", {}, "Thread"), h("span", { class: "faint members" }, titleOf(channel, as)), button],
    empty: () => h("p", { class: "empty" }, "This thread is gone."),
  };
}

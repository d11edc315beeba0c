// Channels, direct messages and the app's home, with a dot where something is unread.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { personName } from "./names.js";
import { avatar } from "./topbar.js";

export function isDirect(channel) {
  return Boolean(channel.is_im) || channel.id.startsWith("D");
}

/** What a channel is called for this person: its name, or the other one's in a direct message. */
export function titleOf(channel, as) {
  if (!isDirect(channel)) return channel.name;
  const other = (channel.members ?? []).find((member) => member !== as) ?? channel.user;
  return other ? personName(other) : channel.name || channel.id;
}

export function showSidebar(root, { channels, app, place, as, go }) {
  const rooms = channels.filter((channel) => !isDirect(channel));
  const direct = channels.filter(isDirect);
  const line = (channel, mark) =>
    entry({ id: channel.id, name: titleOf(channel, as), unread: channel.unread, mark, place, go });
  const focused = document.activeElement?.closest?.("[data-channel]")?.dataset.channel;
  root.replaceChildren(
    group(
      "Channels",
      rooms.map((channel) => line(channel, icon(channel.is_private ? "lock" : "hash"))),
    ),
    group(
      "Direct messages",
      direct.length
        ? direct.map((channel) => line(channel, avatar(titleOf(channel, as), "tiny")))
        : [h("p", { class: "faint empty-group" }, "None yet. The app opens one when it writes to you.")],
    ),
    group("Apps", [
      entry({ id: "home", name: app?.name ?? "App", mark: icon("home"), detail: "Home", place, go }),
    ]),
  );
  if (focused) root.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

function group(title, lines) {
  return h(
    "section",
    { class: "side-group" },
    h("h2", {}, title),
    h(
      "ul",
      {},
      lines.map((line) => h("li", {}, line)),
    ),
  );
}

function entry({ id, name, unread, mark, detail, place, go }) {
  const here = id === place;
  const count = !here && unread ? unread : 0;
  return h(
    "button",
    {
      type: "button",
      class: `side-entry${count ? " has-unread" : ""}`,
      "aria-current": here ? "page" : null,
      data: { channel: id, unread: String(count) },
      on: { click: () => go(id) },
    },
    mark,
    h("span", { class: "grow" }, name),
    detail ? h("small", {}, detail) : null,
    count
      ? h("span", { class: "unread", "aria-label": `${count} unread` }, count > 99 ? "99+" : count)
      : null,
  );
}

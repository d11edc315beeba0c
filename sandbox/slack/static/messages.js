// The list of messages of a channel or thread. Unchanged messages keep their nodes, so nothing typed is lost.

import { renderBlocks } from "./blocks.js";
import { clockTime, dateOfTs, dayName, exactTime } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { fileCard } from "./files.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { popMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar } from "./topbar.js";

const NEAR_BOTTOM_PX = 80;

/**
 * A list in `root`. `desk` does what a click asks: act(message, payload), openThread(ts), runShortcut(id, message),
 * upload(file), shortcuts().
 */
export function messageList(root, desk, { inThread }) {
  let rows = new Map();
  let shownKey = null;

  /** Show these messages; a place with another `key` starts at its end, `empty` stands in an empty one. */
  function show(messages, { key, empty }) {
    const isNewPlace = key !== shownKey;
    const stays = !isNewPlace && root.scrollHeight - root.scrollTop - root.clientHeight > NEAR_BOTTOM_PX;
    if (isNewPlace) rows = new Map();
    shownKey = key;
    const next = new Map();
    for (const message of messages)
      next.set(message.ts, rowFor(message, rows.get(message.ts), desk, inThread));
    rows = next;
    settle(root, rows.size ? withDays([...rows.values()]) : [empty()]);
    if (!stays) root.scrollTop = root.scrollHeight;
  }
  return { show };
}

/** Put `wanted` into `root` in order, moving and removing as little as possible (focus survives). */
function settle(root, wanted) {
  const keep = new Set(wanted);
  for (const child of [...root.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((node, index) => {
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] ?? null);
  });
}

function withDays(rows) {
  let last = null;
  return rows.flatMap(({ node, message }) => {
    const day = dayName(dateOfTs(message.ts));
    const line = day === last ? [] : [h("div", { class: "day", role: "separator" }, h("span", {}, day))];
    last = day;
    return [...line, node];
  });
}

function rowFor(message, old, desk, inThread) {
  const print = JSON.stringify(message);
  if (old?.print === print) return old;
  const form = new Form(old?.form.values());
  return { print, message, form, node: row(message, form, desk, inThread) };
}

function row(message, form, desk, inThread) {
  const name = message.user_name || message.user;
  const date = dateOfTs(message.ts);
  return h(
    "article",
    {
      class: `message${message.ephemeral ? " is-whisper" : ""}`,
      tabindex: "0",
      "aria-label": `${name}, ${clockTime(date)}`,
      data: { messageTs: message.ts, ephemeral: message.ephemeral ? "true" : null },
    },
    avatar(name),
    h(
      "div",
      { class: "message-main" },
      message.ephemeral ? h("div", { class: "whisper" }, icon("eye"), "Only visible to you") : null,
      h(
        "div",
        { class: "message-head" },
        h("strong", {}, name),
        message.is_bot ? h("span", { class: "badge" }, "App") : null,
        h("time", { title: exactTime(date) }, clockTime(date)),
      ),
      body(message, form, desk),
      message.files?.length ? h("div", { class: "files" }, message.files.map(fileCard)) : null,
      reactions(message.reactions ?? {}),
      !inThread && message.reply_count ? threadLink(message, desk) : null,
    ),
    message.ephemeral ? null : toolbar(message, desk, inThread),
  );
}

function body(message, form, desk) {
  const edited = message.edited ? h("span", { class: "edited" }, "(edited)") : null;
  if (!message.blocks?.length)
    return message.text || edited ? h("div", { class: "text" }, mrkdwn(message.text ?? ""), edited) : null;
  const scene = {
    form,
    act: (payload) => desk.act(message, { ...payload, state: form.values() }),
    upload: desk.upload,
  };
  return h("div", { class: "message-body" }, renderBlocks(message.blocks, scene), edited);
}

function reactions(found) {
  const chips = Object.entries(found).map(([name, users]) =>
    h("span", {}, emoji(name) ?? `:${name}:`, users.length),
  );
  return chips.length ? h("div", { class: "reactions" }, chips) : null;
}

function threadLink(message, desk) {
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return h(
    "button",
    {
      type: "button",
      class: "thread-link",
      data: { thread: message.ts },
      on: { click: () => desk.openThread(message.ts) },
    },
    icon("reply"),
    words,
  );
}

function toolbar(message, desk, inThread) {
  const reply = h(
    "button",
    {
      type: "button",
      class: "iconbutton",
      title: "Reply in thread",
      "aria-label": "Reply in thread",
      data: { reply: message.ts },
      on: { click: () => desk.openThread(message.thread_ts ?? message.ts) },
    },
    icon("reply"),
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "iconbutton",
      title: "More actions",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      data: { more: message.ts },
    },
    icon("more"),
  );
  more.addEventListener("click", () => popMenu(more, messageShortcuts(message, desk)));
  return h("div", { class: "message-tools" }, inThread ? null : reply, more);
}

function messageShortcuts(message, desk) {
  return desk
    .shortcuts()
    .filter((shortcut) => shortcut.type === "message")
    .map((shortcut) => ({
      label: shortcut.name,
      detail: shortcut.description,
      data: { shortcut: shortcut.callback_id },
      run: () => desk.runShortcut(shortcut.callback_id, message),
    }));
}

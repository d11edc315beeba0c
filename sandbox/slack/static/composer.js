// The message box: plain messages, slash commands with completion, shortcuts, files.

import { completionsFor } from "./completion.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { popMenu } from "./menu.js";

/**
 * A box in `root`. `desk` has say(text), command(name, text), attach(files), commands(), shortcuts(), runShortcut(id); the first
 * three give a problem's sentence or null. Slash commands do not work in threads, as in Slack.
 */
export function composer(root, desk, { inThread }) {
  const drafts = new Map();
  let place = null;
  const listId = freshId("completions");
  const choices = h("ul", {
    class: "completions",
    role: "listbox",
    id: listId,
    "aria-label": "Commands",
    hidden: true,
  });
  const line = h("div", { class: "composer-line", role: "status" });
  const box = h("textarea", {
    rows: 1,
    "aria-label": "Message",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    data: { composer: inThread ? "thread" : "channel" },
  });
  const picker = h("input", {
    type: "file",
    multiple: true,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": "Files to send",
    data: { attach: inThread ? "thread" : "channel" },
  });
  const clip = iconButton("clip", "Attach files", () => picker.click());
  const bolt = inThread ? null : iconButton("bolt", "Shortcuts", () => popMenu(bolt, globalShortcuts(desk)));
  const send = iconButton("send", "Send", () => submit());
  send.classList.add("send");
  root.replaceChildren(choices, line, h("div", { class: "composer-box" }, bolt, clip, picker, box, send));

  let items = [];
  let chosen = -1;

  function suggest() {
    items = inThread ? [] : completionsFor(box.value, desk.commands());
    chosen = -1;
    choices.hidden = !items.length;
    choices.replaceChildren(
      ...items.map((item, index) => completion(item, `${listId}-${index}`, () => accept(item))),
    );
    fit(box);
  }

  function move(step) {
    chosen = (chosen + step + items.length) % items.length;
    [...choices.children].forEach((node, index) =>
      node.setAttribute("aria-selected", String(index === chosen)),
    );
    choices.children[chosen].scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", `${listId}-${chosen}`);
  }

  function accept(item) {
    box.value = item.text;
    box.removeAttribute("aria-activedescendant");
    suggest();
    box.focus();
  }

  async function submit() {
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    suggest();
    const problem = await dispatch(text);
    if (problem && !box.value) box.value = text;
    fit(box);
    tell(problem ?? "");
  }

  async function dispatch(text) {
    if (!text.startsWith("/")) return desk.say(text);
    if (inThread) return "Slash commands do not work in threads. Write it in the channel.";
    const [name] = text.split(/\s+/);
    if (!desk.commands().some((item) => item.command === name)) return unknownCommand(name, desk.commands());
    tell(`${text} …`, "busy");
    return desk.command(name, text.slice(name.length).trim());
  }

  async function attach(files) {
    if (!files.length) return;
    tell(`Uploading ${files.map((file) => file.name).join(", ")}…`, "busy");
    tell((await desk.attach(files)) ?? "");
  }

  function tell(text, kind = "problem") {
    line.textContent = text;
    line.dataset.kind = text ? kind : "";
  }

  function onKey(event) {
    const open = items.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp"))
      move(event.key === "ArrowDown" ? 1 : -1);
    else if (open && event.key === "Tab" && !event.shiftKey) accept(items[Math.max(chosen, 0)]);
    else if (open && event.key === "Escape") choices.hidden = Boolean((items = []));
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing)
      chosen >= 0 ? accept(items[chosen]) : submit();
    else return;
    event.preventDefault();
  }

  box.addEventListener("input", suggest);
  box.addEventListener("keydown", onKey);
  picker.addEventListener("change", async () => {
    await attach([...picker.files]);
    picker.value = "";
  });

  /** Another place has its own unsent text. */
  function moveTo(key, label) {
    if (key !== place) {
      drafts.set(place, box.value);
      box.value = drafts.get(key) ?? "";
      place = key;
      tell("");
      suggest();
    }
    box.placeholder = label;
  }
  return { moveTo, attach, focus: () => box.focus() };
}

function iconButton(picture, label, run) {
  return h(
    "button",
    { type: "button", class: "iconbutton", title: label, "aria-label": label, on: { click: run } },
    icon(picture),
  );
}

function completion(item, id, accept) {
  const click = (event) => {
    event.preventDefault();
    accept();
  };
  return h(
    "li",
    {
      id,
      role: "option",
      "aria-selected": "false",
      data: { completion: item.label },
      on: { mousedown: click },
    },
    h("strong", {}, item.label),
    h("span", {}, item.detail),
  );
}

function unknownCommand(name, commands) {
  return `${name} is not a command here, so nothing was sent. Known: ${commands.map((item) => item.command).join(", ")}.`;
}

function globalShortcuts(desk) {
  return desk
    .shortcuts()
    .filter((shortcut) => shortcut.type === "global")
    .map((shortcut) => ({
      label: shortcut.name,
      detail: shortcut.description,
      data: { shortcut: shortcut.callback_id },
      run: () => desk.runShortcut(shortcut.callback_id),
    }));
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
}

// The message box: plain messages, slash commands with completion, shortcuts, files.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { popMenu } from "./menu.js";
import { Suggestions } from "./suggestions.js";

const TALLEST_PX = 180;

/**
 * A box in `root`. `desk` has say(text), command(name, text), attach(files), commands(), shortcuts(), runShortcut(id); the
 * first three give a problem's sentence or null.
 */
export class Composer {
  constructor(root, desk, { inThread }) {
    const where = inThread ? "thread" : "channel";
    this.desk = desk;
    this.inThread = inThread;
    this.drafts = new Map();
    this.place = null;
    this.line = h("div", { class: "composer-line", role: "status" });
    this.box = h("textarea", { rows: 1, "aria-label": "Message", data: { composer: where } });
    this.suggestions = new Suggestions(this.box, () => (inThread ? [] : desk.commands()));
    root.replaceChildren(this.suggestions.list, this.line, this.tools(where));
    this.box.addEventListener("input", () => this.refit());
    this.box.addEventListener("keydown", (event) => this.onKey(event));
  }

  tools(where) {
    const picker = h("input", {
      type: "file",
      multiple: true,
      class: "visually-hidden",
      tabindex: "-1",
      "aria-label": "Files to send",
      data: { attach: where },
    });
    picker.addEventListener("change", async () => {
      await this.attach([...picker.files]);
      picker.value = "";
    });
    const bolt = this.inThread
      ? null
      : tool("bolt", "Shortcuts", () => popMenu(bolt, globalShortcuts(this.desk)));
    const send = tool("send", "Send", () => this.submit());
    send.classList.add("send");
    return h(
      "div",
      { class: "composer-box" },
      bolt,
      tool("clip", "Attach files", () => picker.click()),
      picker,
      this.box,
      send,
    );
  }

  /** Another place has its own unsent text. */
  moveTo(key, label) {
    this.box.placeholder = label;
    if (key === this.place) return;
    this.drafts.set(this.place, this.box.value);
    this.box.value = this.drafts.get(key) ?? "";
    this.place = key;
    this.tell("");
    this.refit();
  }

  async attach(files) {
    if (!files.length) return;
    this.tell(`Uploading ${files.map((file) => file.name).join(", ")}…`, "busy");
    this.tell((await this.desk.attach(files)) ?? "");
  }

  /** Send what stands there; what could not be sent comes back into the box. */
  async submit() {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.refit();
    const problem = await this.dispatch(text);
    if (problem && !this.box.value) this.box.value = text;
    this.refit();
    this.suggestions.hide();
    this.tell(problem ?? "");
  }

  dispatch(text) {
    if (!text.startsWith("/")) return this.desk.say(text);
    if (this.inThread) return "Slash commands do not work in threads. Write it in the channel.";
    const [name] = text.split(/\s+/);
    const known = this.desk.commands().map((item) => item.command);
    if (!known.includes(name))
      return `${name} is not a command here, so nothing was sent. Known: ${known.join(", ")}.`;
    this.tell(`${text} …`, "busy");
    return this.desk.command(name, text.slice(name.length).trim());
  }

  tell(text, kind = "problem") {
    this.line.textContent = text;
    this.line.dataset.kind = text ? kind : "";
  }

  onKey(event) {
    const sends = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (this.suggestions.takesKey(event)) event.preventDefault();
    else if (sends) {
      event.preventDefault();
      this.submit();
    }
  }

  refit() {
    this.suggestions.update();
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, TALLEST_PX)}px`;
  }
}

function tool(picture, label, run) {
  return h(
    "button",
    { type: "button", class: "iconbutton", title: label, "aria-label": label, on: { click: run } },
    icon(picture),
  );
}

function globalShortcuts(desk) {
  const global = desk.shortcuts().filter((shortcut) => shortcut.type === "global");
  return global.map((shortcut) => ({
    label: shortcut.name,
    detail: shortcut.description,
    data: { shortcut: shortcut.callback_id },
    run: () => desk.runShortcut(shortcut.callback_id),
  }));
}

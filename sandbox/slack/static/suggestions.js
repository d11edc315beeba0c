// The list over the message box: what the text could become, chosen by arrows, Tab or mouse.

import { completionsFor } from "./completion.js";
import { freshId, h } from "./dom.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** The list for one box; `commands()` gives the app's slash commands. */
export class Suggestions {
  constructor(box, commands) {
    this.box = box;
    this.commands = commands;
    this.items = [];
    this.chosen = -1;
    this.id = freshId("completions");
    this.list = h("ul", {
      class: "completions",
      role: "listbox",
      id: this.id,
      "aria-label": "Commands",
      hidden: true,
    });
    box.setAttribute("aria-controls", this.id);
    box.setAttribute("aria-autocomplete", "list");
  }

  /** Follow what stands in the box now. */
  update() {
    this.items = completionsFor(this.box.value, this.commands());
    this.chosen = -1;
    this.box.removeAttribute("aria-activedescendant");
    this.list.hidden = !this.items.length;
    this.list.replaceChildren(...this.items.map((item, index) => this.line(item, index)));
  }

  /** True when the key was for this list. Enter only takes a line that the arrows went to. */
  takesKey(event) {
    if (!this.items.length) return false;
    if (event.key in STEPS) this.move(STEPS[event.key]);
    else if (event.key === "Tab" && !event.shiftKey) this.accept(this.items[Math.max(this.chosen, 0)]);
    else if (event.key === "Enter" && this.chosen >= 0) this.accept(this.items[this.chosen]);
    else if (event.key === "Escape") this.hide();
    else return false;
    return true;
  }

  hide() {
    this.items = [];
    this.list.hidden = true;
  }

  move(step) {
    const from = this.chosen < 0 && step < 0 ? 0 : this.chosen;
    this.chosen = (from + step + this.items.length) % this.items.length;
    const lines = [...this.list.children];
    lines.forEach((line, index) => line.setAttribute("aria-selected", String(index === this.chosen)));
    lines[this.chosen].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", lines[this.chosen].id);
  }

  accept(item) {
    this.box.value = item.text;
    this.box.focus();
    this.update();
  }

  line(item, index) {
    const mousedown = (event) => {
      event.preventDefault();
      this.accept(item);
    };
    return h(
      "li",
      {
        id: `${this.id}-${index}`,
        role: "option",
        "aria-selected": "false",
        data: { completion: item.label },
        on: { mousedown },
      },
      h("strong", {}, item.label),
      h("span", {}, item.detail),
    );
  }
}

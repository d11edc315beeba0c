// The file input of a modal: each file goes up at once and privately, the view then carries its id.

import { h } from "./dom.js";
import { sizeText } from "./files.js";
import { icon } from "./icons.js";

/** A control and how to read it; `upload(file)` gives the stored file's description. */
export function fileField(element, attributes, upload) {
  const shelf = new Shelf(element, upload);
  const types = element.filetypes?.map((type) => `.${type}`).join(",");
  const control = h("input", {
    ...attributes,
    class: "visually-hidden",
    type: "file",
    multiple: shelf.most > 1,
    accept: types || null,
  });
  control.addEventListener("change", async () => {
    await shelf.take([...control.files]);
    control.value = "";
  });
  return {
    node: h("div", { class: "filefield" }, zone(control, types, shelf), shelf.state, shelf.list),
    control,
    read: () => ({ type: element.type, files: [...shelf.files] }),
  };
}

/** The files given so far, the list that shows them, and the line that says what is under way. */
class Shelf {
  constructor(element, upload) {
    this.files = [...(element.initial_files ?? [])];
    this.most = element.max_files ?? 10;
    this.upload = upload;
    this.list = h("ul", { class: "filelist" });
    this.state = h("span", { class: "filestate", role: "status" });
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.files.map((file) => fileLine(file, () => this.remove(file))));
  }

  remove(file) {
    this.files = this.files.filter((other) => other !== file);
    this.show();
  }

  async take(chosen) {
    const room = this.most - this.files.length;
    for (const file of chosen.slice(0, room)) await this.add(file);
    const left = chosen.slice(room).map((file) => file.name);
    if (left.length) this.state.textContent = `At most ${this.most} here; left out: ${left.join(", ")}.`;
  }

  async add(file) {
    this.state.textContent = `Uploading ${file.name}…`;
    try {
      this.files.push(await this.upload(file));
      this.state.textContent = "";
    } catch (error) {
      this.state.textContent = error.message;
    }
    this.show();
  }
}

function zone(control, types, shelf) {
  const hint = types ? h("small", {}, types) : null;
  const node = h(
    "label",
    { class: "filezone" },
    control,
    icon("clip"),
    h("span", {}, "Choose a file or drop it here"),
    hint,
  );
  node.addEventListener("drop", (event) => shelf.take([...event.dataTransfer.files]));
  return node;
}

function fileLine(file, remove) {
  return h(
    "li",
    { data: { fileId: file.id } },
    icon("file"),
    h("span", { class: "grow" }, file.name),
    h("small", {}, sizeText(file.size)),
    h(
      "button",
      {
        type: "button",
        class: "iconbutton",
        "aria-label": `Take ${file.name} out`,
        on: { click: remove },
      },
      icon("close"),
    ),
  );
}

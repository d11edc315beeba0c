// The app's Home tab: one published view, drawn like a message, clicked like a modal.

import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";

/** A home in `root`; `desk` has act(viewId, payload) and upload(file). */
export function homePane(root, desk) {
  const body = h("div", { class: "home-body" });
  let form = new Form();
  let print = null;

  function show(app, view) {
    root.replaceChildren(
      h(
        "header",
        { class: "pane-head" },
        icon("home"),
        h("h1", {}, app?.name ?? "App"),
        h("span", { class: "faint" }, "Home"),
      ),
      body,
    );
    const now = JSON.stringify(view ?? null);
    if (now === print) return;
    print = now;
    body.replaceChildren(
      view
        ? drawn(view)
        : h("p", { class: "empty" }, "The app has not published a home for this person yet."),
    );
  }

  function drawn(view) {
    form = new Form(form.values());
    const mine = form;
    const scene = {
      form,
      act: (payload) => desk.act(view.id, { ...payload, state: mine.values() }),
      upload: desk.upload,
    };
    return h(
      "div",
      { class: "home", data: { viewId: view.id, callbackId: view.callback_id } },
      renderBlocks(view.blocks, scene),
    );
  }
  return { show };
}

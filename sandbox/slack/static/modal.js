// The stack of open modals: the top one is shown, those under it keep what was typed.

import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { plainText } from "./mrkdwn.js";

export const TROUBLE = "We had some trouble connecting. Try again?";

/** Modals in one <dialog>; `desk` has submit(viewId, values), close(viewId, all), act(viewId, payload), upload(file). */
export function modalStack(dialog, desk) {
  let panels = new Map();

  function show(views) {
    const next = new Map();
    for (const [index, view] of views.entries())
      next.set(view.id, panelFor(view, panels.get(view.id), desk, index));
    panels = next;
    const top = views.at(-1);
    if (!top) return void (dialog.open && dialog.close());
    if (dialog.firstElementChild !== panels.get(top.id).node) place(dialog, panels.get(top.id).node);
    // A second Escape closes a <dialog> without asking; while the view is open it comes back.
    if (!dialog.open) dialog.showModal();
    dialog.oncancel = (event) => {
      event.preventDefault();
      desk.close(top.id, false);
    };
  }
  return { show };
}

/** Put the panel up; focus and scroll go back to where they were, or to the first field. */
function place(dialog, node) {
  const held = document.activeElement?.closest?.("[data-view-id] [data-input]")?.dataset.input;
  const before = dialog.firstElementChild;
  const scrolled =
    before?.dataset.viewId === node.dataset.viewId ? before.querySelector(".panel-body").scrollTop : 0;
  dialog.replaceChildren(node);
  dialog.setAttribute("aria-labelledby", node.querySelector("h2").id);
  if (!dialog.open) dialog.showModal();
  const again = held && node.querySelector(`[data-input="${CSS.escape(held)}"]`);
  (again || node.querySelector("[data-input], [data-action-id], [data-submit], [data-close]"))?.focus();
  node.querySelector(".panel-body").scrollTop = scrolled;
}

function panelFor(view, old, desk, depth) {
  const { errors, ...rest } = view;
  const print = JSON.stringify(rest) + depth;
  if (old?.print === print) return old;
  const form = new Form(old?.form.values());
  const node = panel(view, form, desk, depth);
  if (errors) showErrors(node, errors);
  return { print, form, node };
}

function panel(view, form, desk, depth) {
  const scene = {
    form,
    act: (payload) => desk.act(view.id, { ...payload, state: form.values() }),
    upload: desk.upload,
  };
  const titleId = `title-${view.id}`;
  const submit = (event) => {
    event.preventDefault();
    send(node, view, form, desk);
  };
  const node = h(
    "form",
    {
      class: "panel",
      novalidate: true,
      data: { viewId: view.id, callbackId: view.callback_id },
      on: { submit, input: forgive, change: forgive },
    },
    h(
      "header",
      { class: "panel-head" },
      depth ? headButton("back", "Back", () => desk.close(view.id, false)) : null,
      h("h2", { id: titleId }, plainText(view.title)),
      headButton("close", "Close", () => desk.close(view.id, depth > 0)),
    ),
    h(
      "div",
      { class: "panel-body" },
      renderBlocks(view.blocks, scene),
      h("div", { class: "panel-banner", role: "alert", hidden: true }),
    ),
    h(
      "footer",
      { class: "dialog-foot" },
      h(
        "button",
        {
          type: "button",
          class: "button",
          data: { close: view.id },
          on: { click: () => desk.close(view.id, false) },
        },
        plainText(view.close) || (view.submit ? "Cancel" : "Close"),
      ),
      submitButton(view),
    ),
  );
  return node;
}

function submitButton(view) {
  return view.submit
    ? h(
        "button",
        { type: "submit", class: "button button-primary", data: { submit: view.id } },
        plainText(view.submit),
      )
    : null;
}

function headButton(picture, label, run) {
  return h(
    "button",
    { type: "button", class: "iconbutton", title: label, "aria-label": label, on: { click: run } },
    icon(picture),
  );
}

/** Check what Slack's client checks, then hand it in and show the app's answer where it belongs. */
async function send(node, view, form, desk) {
  if (node.getAttribute("aria-busy") === "true") return;
  const problems = form.problems();
  showErrors(node, problems);
  if (Object.keys(problems).length) return;
  node.setAttribute("aria-busy", "true");
  const answer = await desk.submit(view.id, form.values());
  node.removeAttribute("aria-busy");
  if (answer.errors) showErrors(node, answer.errors);
  else if (!answer.ok) banner(node, TROUBLE, answer.error);
}

function banner(node, text, reason) {
  const line = node.querySelector(".panel-banner");
  line.hidden = !text;
  line.textContent = text;
  line.title = reason ?? "";
}

/** Each sentence at its block; one that names no block on show becomes the trouble banner, as in Slack. */
function showErrors(node, errors) {
  banner(node, "");
  for (const field of node.querySelectorAll(".b-input")) markField(field, errors[field.dataset.blockId]);
  const lost = Object.keys(errors).filter(
    (id) => !node.querySelector(`.b-input[data-block-id="${CSS.escape(id)}"]`),
  );
  if (lost.length) banner(node, TROUBLE, lost.join(", "));
  node.querySelector(".b-input.has-error [data-input]")?.focus();
}

/** An error goes away when the person sets about mending it. */
function forgive(event) {
  const field = event.target.closest(".b-input.has-error");
  if (field) markField(field, null);
}

function markField(field, sentence) {
  field.classList.toggle("has-error", Boolean(sentence));
  field.querySelector(".b-error").textContent = sentence ?? "";
  field.querySelector("[data-input]")?.setAttribute("aria-invalid", String(Boolean(sentence)));
}

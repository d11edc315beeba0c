// One Block Kit element: finds its builder, registers its value with the form, sends its clicks.

import { button, feedbackButtons, iconButton, overflow, pressed } from "./buttons.js";
import { MULTI, SINGLE, checkboxes, multiSelect, radioButtons, singleSelect } from "./choices.js";
import { h } from "./dom.js";
import { TYPED, typedField } from "./fields.js";
import { fileField } from "./filefield.js";
import { isEmptyValue } from "./form.js";
import { icon } from "./icons.js";

const CLICKED = {
  button,
  workflow_button: button,
  icon_button: iconButton,
  feedback_buttons: feedbackButtons,
  overflow,
};

/**
 * An element as a node. `scene` is where it stands: {form, act, upload}.
 * `role` is {blockId, required, dispatches, label}: in an input block only dispatching ones report at once.
 */
export function renderElement(element, scene, role) {
  if (element.type === "image") return pictureWords(element);
  const attributes = { data: { actionId: element.action_id, element: element.type } };
  const act = (payload) =>
    scene.act({ type: element.type, block_id: role.blockId, action_id: element.action_id, ...payload });
  const clicked = CLICKED[element.type];
  if (clicked) return clicked(element, attributes, act);
  const start = scene.form.startOf(element, role.blockId);
  const field = fieldOf(start, labelled(attributes, element, role), scene);
  if (!field)
    return h(
      "div",
      { class: "unknown", data: { element: element.type } },
      `Element “${element.type}” is not drawn by this page.`,
    );
  scene.form.add({
    blockId: role.blockId,
    actionId: element.action_id,
    read: field.read,
    problem: () => problemOf(field, role),
  });
  if (role.dispatches && field.dispatchOn) {
    field.control.addEventListener(field.dispatchOn, () =>
      pressed(field.node, element, () => act(field.read())),
    );
  }
  return field.node;
}

function labelled({ data }, element, { label, fieldId, describedBy }) {
  return {
    id: fieldId,
    data: { ...data, input: element.action_id },
    "aria-label": label || element.placeholder?.text || element.action_id,
    "aria-describedby": describedBy,
  };
}

function fieldOf(element, attributes, scene) {
  if (TYPED.has(element.type)) return typedField(element, attributes);
  if (SINGLE.has(element.type)) return singleSelect(element, attributes);
  if (MULTI.has(element.type)) return multiSelect(element, attributes);
  if (element.type === "radio_buttons") return radioButtons(element, attributes);
  if (element.type === "checkboxes") return checkboxes(element, attributes);
  if (element.type === "file_input") return fileField(element, attributes, scene.upload);
  return null;
}

function problemOf(field, { required }) {
  if (required && isEmptyValue(field.read())) return "Please complete this required field.";
  return field.problem?.() ?? null;
}

/** Pictures are never loaded here: their alternative text stands for them. */
export function pictureWords(element) {
  return h(
    "span",
    { class: "picture", role: "img", "aria-label": element.alt_text ?? "picture" },
    icon("image"),
    element.alt_text ?? "picture",
  );
}

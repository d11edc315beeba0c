// Typed inputs: text, numbers, addresses and dates. Choices live in choices.js, files in filefield.js.

import { h } from "./dom.js";
import { plainText } from "./mrkdwn.js";

const HTML_TYPE = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

const SHAPES = {
  datepicker: {
    key: "selected_date",
    start: (element) => element.initial_date ?? "",
    read: (text) => text || null,
  },
  timepicker: {
    key: "selected_time",
    start: (element) => element.initial_time ?? "",
    read: (text) => text || null,
  },
  datetimepicker: { key: "selected_date_time", start: localMinutes, read: epochSeconds },
};
const TEXT = { key: "value", start: (element) => element.initial_value ?? "", read: (text) => text || null };

export const TYPED = new Set(Object.keys(HTML_TYPE));

/** A control, how to read it, and what is wrong with what it holds. */
export function typedField(element, attributes) {
  const shape = SHAPES[element.type] ?? TEXT;
  const control = element.multiline
    ? h("textarea", { ...attributes, class: "field", rows: 4 })
    : h("input", { ...attributes, class: "field", type: HTML_TYPE[element.type], autocomplete: "off" });
  if (element.type === "number_input") setNumberRules(control, element);
  if (element.placeholder) control.setAttribute("placeholder", plainText(element.placeholder));
  control.value = shape.start(element);
  return {
    node: control,
    control,
    read: () => ({ type: element.type, [shape.key]: shape.read(control.value) }),
    problem: () => typedProblem(element, control),
    dispatchOn: "change",
  };
}

function setNumberRules(control, element) {
  control.step = element.is_decimal_allowed ? "any" : "1";
  if (element.min_value !== undefined) control.min = element.min_value;
  if (element.max_value !== undefined) control.max = element.max_value;
}

function typedProblem(element, control) {
  const { length } = control.value;
  if (length && element.min_length > length)
    return `Write at least ${element.min_length} characters (this has ${length}).`;
  if (element.max_length && length > element.max_length)
    return `Keep it to ${element.max_length} characters (this has ${length}).`;
  if (control.validity.badInput || !control.validity.valid)
    return control.validationMessage || "This value does not fit here.";
  return null;
}

function localMinutes(element) {
  if (!element.initial_date_time) return "";
  const date = new Date(element.initial_date_time * 1000);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function epochSeconds(text) {
  return text ? Math.floor(new Date(text).getTime() / 1000) : null;
}

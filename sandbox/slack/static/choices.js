// Choices: selects (one or many), radio buttons and checkboxes, with Slack's state values.

import { freshId, h } from "./dom.js";
import { knownChannels, people } from "./names.js";
import { plainText, textNodes } from "./mrkdwn.js";

const PEOPLE = () => people().map((user) => asOption(user.real_name || user.name, user.id));
const CHANNELS = () => knownChannels().map((channel) => asOption(`#${channel.name}`, channel.id));

/** Selects whose options are ids of people or channels: state key, initial key, options. */
const BY_ID = {
  users_select: { key: "selected_user", start: "initial_user", options: PEOPLE },
  channels_select: { key: "selected_channel", start: "initial_channel", options: CHANNELS },
  conversations_select: { key: "selected_conversation", start: "initial_conversation", options: CHANNELS },
  multi_users_select: { key: "selected_users", start: "initial_users", options: PEOPLE },
  multi_channels_select: { key: "selected_channels", start: "initial_channels", options: CHANNELS },
  multi_conversations_select: {
    key: "selected_conversations",
    start: "initial_conversations",
    options: CHANNELS,
  },
};

function asOption(text, value) {
  return { text: { type: "plain_text", text }, value };
}

/** The options of a select in their groups; `label` is null for ungrouped ones. */
function groupsOf(element) {
  if (BY_ID[element.type]) return [{ label: null, options: BY_ID[element.type].options() }];
  return element.option_groups ?? [{ label: null, options: element.options ?? [] }];
}

export const SINGLE = new Set([
  "static_select",
  "external_select",
  "users_select",
  "channels_select",
  "conversations_select",
]);
export const MULTI = new Set([...SINGLE].map((type) => `multi_${type}`));

export function singleSelect(element, attributes) {
  const groups = groupsOf(element);
  const options = groups.flatMap((group) => group.options ?? []);
  const byId = BY_ID[element.type];
  const start = byId ? element[byId.start] : element.initial_option?.value;
  const control = h(
    "select",
    { ...attributes, class: "field" },
    h("option", { value: "" }, plainText(element.placeholder) || "Choose…"),
    groups.map(optionGroup),
  );
  if (options.some((option) => option.value === start)) control.value = start;
  const chosen = () => options.find((option) => option.value === control.value) ?? null;
  const read = () =>
    byId
      ? { type: element.type, [byId.key]: chosen()?.value ?? null }
      : { type: element.type, selected_option: chosen() };
  return { node: h("span", { class: "select" }, control), control, read, dispatchOn: "change" };
}

function optionGroup({ label, options }) {
  const lines = (options ?? []).map((option) => h("option", { value: option.value }, optionText(option)));
  return label ? h("optgroup", { label: plainText(label) }, lines) : lines;
}

function optionText(option) {
  const more = plainText(option.description);
  return more ? `${plainText(option.text)} – ${more}` : plainText(option.text);
}

/** Many of a list: the chosen ones as a line, the list itself opens under it. */
export function multiSelect(element, attributes) {
  const groups = groupsOf(element);
  const byId = BY_ID[element.type];
  const starts = byId
    ? (element[byId.start] ?? [])
    : (element.initial_options ?? []).map((option) => option.value);
  const lines = groups.flatMap((group) => [
    group.label ? h("div", { class: "picker-group" }, plainText(group.label)) : null,
    ...(group.options ?? []).map((option) =>
      tickLine("checkbox", freshId("pick"), option, starts.includes(option.value)),
    ),
  ]);
  const list = h("div", { class: "picker-list", role: "group", "aria-label": "Options" }, lines);
  const summary = h("summary", { ...attributes, class: "field" });
  const picker = h("details", { class: "picker" }, summary, list);
  const options = groups.flatMap((group) => group.options ?? []);
  const chosen = () =>
    [...list.querySelectorAll("input")].flatMap((box, index) => (box.checked ? [options[index]] : []));
  const show = () => {
    const names = chosen().map((option) => h("span", { class: "chip" }, plainText(option.text)));
    summary.replaceChildren(
      ...(names.length
        ? names
        : [h("span", { class: "faint" }, plainText(element.placeholder) || "Choose…")]),
    );
  };
  list.addEventListener("change", () => {
    const most = element.max_selected_items;
    for (const box of list.querySelectorAll("input:not(:checked)"))
      box.disabled = Boolean(most) && chosen().length >= most;
    show();
  });
  show();
  const read = () =>
    byId
      ? { type: element.type, [byId.key]: chosen().map((option) => option.value) }
      : { type: element.type, selected_options: chosen() };
  return { node: picker, control: list, read, dispatchOn: "change" };
}

export function radioButtons(element, attributes) {
  const { options, boxes, node } = tickGroup("radio", element, attributes, [element.initial_option?.value]);
  const read = () => ({
    type: element.type,
    selected_option: options.find((_, index) => boxes()[index].checked) ?? null,
  });
  return { node, control: node, read, dispatchOn: "change" };
}

export function checkboxes(element, attributes) {
  const starts = (element.initial_options ?? []).map((option) => option.value);
  const { options, boxes, node } = tickGroup("checkbox", element, attributes, starts);
  const read = () => ({
    type: element.type,
    selected_options: options.filter((_, index) => boxes()[index].checked),
  });
  return { node, control: node, read, dispatchOn: "change" };
}

function tickGroup(kind, element, attributes, starts) {
  const options = element.options ?? [];
  const name = freshId("ticks");
  const lines = options.map((option) => tickLine(kind, name, option, starts.includes(option.value)));
  const node = h(
    "div",
    { ...attributes, class: "ticks", role: kind === "radio" ? "radiogroup" : "group" },
    lines,
  );
  return { options, node, boxes: () => node.querySelectorAll("input") };
}

function tickLine(kind, name, option, checked) {
  return h(
    "label",
    { class: "tick" },
    h("input", { type: kind, name, value: option.value, checked }),
    h(
      "span",
      {},
      textNodes(option.text),
      option.description ? h("small", {}, textNodes(option.description)) : null,
    ),
  );
}

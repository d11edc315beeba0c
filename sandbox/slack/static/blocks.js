// Block Kit's layout blocks as DOM nodes; elements inside them are drawn by elements.js.

import { freshId, h } from "./dom.js";
import { pictureWords, renderElement } from "./elements.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { plainText, textNodes } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { tableBlock } from "./table.js";

const BLOCKS = {
  header: (block) => h("h3", { class: "b-header" }, textNodes(block.text)),
  section,
  context: (block, scene) =>
    h(
      "div",
      { class: "b-context" },
      (block.elements ?? []).map((item) => contextItem(item, scene)),
    ),
  divider: () => h("hr", { class: "divider" }),
  actions: (block, scene) => h("div", { class: "b-actions" }, elementsOf(block, scene)),
  context_actions: (block, scene) => h("div", { class: "b-actions b-quiet" }, elementsOf(block, scene)),
  input,
  image: (block) =>
    h(
      "figure",
      { class: "b-image" },
      pictureWords(block),
      block.title ? h("figcaption", {}, textNodes(block.title)) : null,
    ),
  rich_text: richText,
  markdown: (block) => markdown(block.text ?? ""),
  table: tableBlock,
  alert,
  card,
  carousel: (block, scene) =>
    h(
      "div",
      { class: "b-carousel" },
      (block.elements ?? []).map((item) => renderBlock(item, scene)),
    ),
  container,
  task_card: task,
  plan: (block) =>
    h("div", { class: "b-plan" }, h("h4", {}, textNodes(block.title)), (block.tasks ?? []).map(task)),
};

/** All blocks of a message or view. `scene` says where they stand and where clicks go. */
export function renderBlocks(blocks, scene) {
  return h(
    "div",
    { class: "blocks" },
    (blocks ?? []).map((block) => renderBlock(block, scene)),
  );
}

function renderBlock(block, scene) {
  const known = Object.hasOwn(BLOCKS, block.type);
  const node = known ? BLOCKS[block.type](block, scene) : unknown(block);
  node.dataset.block = block.type ?? "";
  if (block.block_id) node.dataset.blockId = block.block_id;
  return node;
}

function unknown(block) {
  return h("div", { class: "unknown" }, `Block “${block.type}” is not drawn by this page.`);
}

function elementsOf(block, scene) {
  return (block.elements ?? []).map((element) => renderElement(element, scene, roleIn(block)));
}

function roleIn(block) {
  return { blockId: block.block_id, required: false, dispatches: true };
}

function section(block, scene) {
  const words = [
    block.text ? h("div", { class: "text" }, textNodes(block.text)) : null,
    block.fields?.length
      ? h(
          "div",
          { class: "b-fields" },
          block.fields.map((field) => h("div", { class: "text" }, textNodes(field))),
        )
      : null,
  ];
  const accessory = block.accessory
    ? h("div", { class: "b-accessory" }, renderElement(block.accessory, scene, roleIn(block)))
    : null;
  return h("div", { class: "b-section" }, h("div", { class: "grow" }, words), accessory);
}

function contextItem(item, scene) {
  if (item.type === "image") return pictureWords(item);
  if (["mrkdwn", "plain_text"].includes(item.type)) return h("span", { class: "text" }, textNodes(item));
  return renderElement(item, scene, {});
}

function input(block, scene) {
  const label = plainText(block.label);
  const [fieldId, hintId] = [freshId("field"), freshId("hint")];
  const role = {
    blockId: block.block_id,
    required: !block.optional,
    dispatches: Boolean(block.dispatch_action),
    label,
    fieldId,
    describedBy: hintId,
  };
  return h(
    "div",
    { class: "b-input" },
    h(
      "label",
      { class: "b-label", for: fieldId },
      textNodes(block.label),
      block.optional ? h("span", { class: "faint" }, " (optional)") : null,
    ),
    renderElement(block.element ?? {}, scene, role),
    h(
      "div",
      { class: "b-hint", id: hintId },
      block.hint ? textNodes(block.hint) : null,
      h("div", { class: "b-error", role: "alert" }),
    ),
  );
}

const LEVEL_ICON = { info: "info", warning: "warning", error: "warning", success: "check", default: "info" };

function alert(block) {
  const level = Object.hasOwn(LEVEL_ICON, block.level) ? block.level : "default";
  return h(
    "div",
    { class: `b-alert level-${level}` },
    icon(LEVEL_ICON[level]),
    h("div", { class: "text grow" }, textNodes(block.text)),
  );
}

function card(block, scene) {
  const actions = (block.actions ?? []).map((element) => renderElement(element, scene, roleIn(block)));
  return h(
    "div",
    { class: "b-card" },
    block.hero_image ? pictureWords(block.hero_image) : null,
    block.title ? h("h4", {}, textNodes(block.title)) : null,
    block.subtitle ? h("div", { class: "faint" }, textNodes(block.subtitle)) : null,
    block.body ? h("div", { class: "text" }, textNodes(block.body)) : null,
    actions.length ? h("div", { class: "b-actions" }, actions) : null,
  );
}

function container(block, scene) {
  const title = block.rich_text_title
    ? richText(block.rich_text_title)
    : h("strong", {}, textNodes(block.title));
  const head = [title, block.subtitle ? h("span", { class: "faint" }, textNodes(block.subtitle)) : null];
  const children = (block.child_blocks ?? []).map((child) => renderBlock(child, scene));
  if (!block.is_collapsible)
    return h("div", { class: "b-container" }, h("div", { class: "b-container-head" }, head), children);
  return h(
    "details",
    { class: "b-container", open: !block.default_collapsed },
    h("summary", { class: "b-container-head" }, head),
    children,
  );
}

const TASK = {
  pending: ["ring", "waiting"],
  in_progress: ["clock", "under way"],
  complete: ["check", "done"],
  error: ["warning", "failed"],
};

function task(block) {
  const [picture, word] = TASK[block.status] ?? ["ring", String(block.status)];
  const more = [block.details, block.output].filter(Boolean).map(richText);
  return h(
    "div",
    { class: `b-task task-${TASK[block.status] ? block.status : "pending"}` },
    icon(picture),
    h(
      "div",
      { class: "grow" },
      h("strong", {}, textNodes(block.title)),
      h("span", { class: "faint" }, ` ${word}`),
      more,
    ),
  );
}

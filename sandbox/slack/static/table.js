// The `table` block: its first row heads the columns, column_settings align and wrap them.

import { h } from "./dom.js";
import { richText } from "./richtext.js";

export function tableBlock(block) {
  const settings = block.column_settings ?? [];
  const rows = (block.rows ?? []).map((cells, row) =>
    h(
      "tr",
      {},
      cells.map((cell, column) => tableCell(cell, settings[column] ?? {}, row === 0)),
    ),
  );
  return h(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", { class: "table" }, h("tbody", {}, rows)),
  );
}

function tableCell(cell, { align, is_wrapped: wrapped }, heading) {
  const side = align ?? (cell.type === "raw_number" ? "right" : "left");
  const classes = [
    `side-${["left", "center", "right"].includes(side) ? side : "left"}`,
    wrapped ? "wrapped" : "",
  ]
    .join(" ")
    .trim();
  return h(heading ? "th" : "td", { class: classes, scope: heading ? "col" : null }, cellContent(cell));
}

function cellContent(cell) {
  if (cell.type === "rich_text") return richText(cell);
  if (cell.type === "raw_number") return String(cell.text ?? cell.value ?? "");
  return cell.text ?? "";
}

// Files as people see them: the card in a message, its size in words, the drop zone of a pane.

import { h, safeUrl } from "./dom.js";
import { icon } from "./icons.js";

export function sizeText(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function fileCard(file) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.name ?? "")?.[1] ?? "file";
  const address = file.url ? safeUrl(file.url) : null;
  const inside = [
    h("span", { class: "file-kind" }, ending.toUpperCase()),
    h(
      "span",
      { class: "grow" },
      h("strong", {}, file.name || file.id),
      h("small", {}, [sizeText(file.size), file.mimetype].filter(Boolean).join(" · ")),
    ),
  ];
  const data = { fileId: file.id };
  if (!address) return h("div", { class: "file", data }, inside);
  return h(
    "a",
    { class: "file", data, href: address, download: file.name || "file", title: `Save ${file.name}` },
    inside,
  );
}

/** Let files be dropped on `pane`; shows where they would go while they hover. */
export function dropZone(pane, label, take) {
  const veil = h("div", { class: "dropveil", hidden: true }, icon("clip"), h("span", {}, label));
  let depth = 0;
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const show = (delta) => {
    depth = Math.max(0, depth + delta);
    veil.hidden = depth === 0;
  };
  pane.append(veil);
  pane.addEventListener("dragenter", (event) => holdsFiles(event) && (event.preventDefault(), show(1)));
  pane.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  pane.addEventListener("dragleave", (event) => holdsFiles(event) && show(-1));
  pane.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    take([...event.dataTransfer.files]);
  });
}

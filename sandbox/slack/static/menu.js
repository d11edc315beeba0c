// One small pop-up menu at a time: shortcuts, "More actions", overflow.

import { h } from "./dom.js";

let closeOpen = () => {};

/** Show `entries` ({label, detail?, data?, run}) under the opener; arrows move, Escape goes back to it. */
export function popMenu(opener, entries) {
  closeOpen();
  const list = h("div", { class: "menu", role: "menu" });
  const close = (back = true) => {
    list.remove();
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (back) opener.focus();
    closeOpen = () => {};
  };
  const outside = (event) => !list.contains(event.target) && close(false);
  const choose = (entry) => {
    close();
    entry.run();
  };
  list.append(...entries.map((entry) => item(entry, choose)));
  if (!entries.length) list.append(h("p", { class: "faint" }, "Nothing here."));
  list.addEventListener("keydown", (event) => moveInMenu(event, list, close));
  (opener.closest("dialog") ?? document.body).append(list);
  place(list, opener);
  opener.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  closeOpen = () => close(false);
  list.querySelector("[role=menuitem]")?.focus();
}

function item(entry, choose) {
  const text = [h("span", {}, entry.label), entry.detail ? h("small", {}, entry.detail) : null];
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      class: "menu-item",
      data: entry.data ?? {},
      on: { click: () => choose(entry) },
    },
    text,
  );
}

function moveInMenu(event, list, close) {
  const items = [...list.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) items.at((at + step) % items.length)?.focus();
  else if (event.key === "Escape" || event.key === "Tab") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Under the opener if there is room, above it if not, never past the window's edge. */
function place(list, opener) {
  const box = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = box.bottom + 6 + height < innerHeight;
  list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  list.style.top = `${Math.max(8, below ? box.bottom + 6 : box.top - height - 6)}px`;
}

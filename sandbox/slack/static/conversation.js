// A channel or a thread: its head, its messages, its message box, and the place where files are dropped.

import { Composer } from "./composer.js";
import { h } from "./dom.js";
import { dropZone } from "./files.js";
import { messageList } from "./messages.js";

/** Build it in `root` once; `enter` goes to a place, `show` fills it. `desk` serves both the list and the box. */
export function conversation(root, desk, { inThread }) {
  const head = h("header", { class: "pane-head" });
  const list = h("div", { class: "messages", role: "log", "aria-label": inThread ? "Replies" : "Messages" });
  const foot = h("div", { class: "composer" });
  root.replaceChildren(head, list, foot);
  const messages = messageList(list, desk, { inThread });
  const box = new Composer(foot, desk, { inThread });
  dropZone(
    root,
    inThread ? "Drop here to add the file to this thread" : "Drop here to put the file in this channel",
    (files) => box.attach(files),
  );

  /** Head and box first: whoever writes before the messages have come writes to this place. `place` is from places.js. */
  function enter(place) {
    head.replaceChildren(...place.head);
    box.moveTo(place.key, place.placeholder);
  }

  /** Another key starts at the end of the list. */
  function show(place, found) {
    enter(place);
    messages.show(found, place);
  }
  return { enter, show };
}

// The shortcodes a certificate desk uses; any other stays as its :name:, which reads well enough.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Drawn by the page itself, so that they look the same everywhere: icon and tone. */
const DRAWN = {
  white_check_mark: ["check", "good"],
  heavy_check_mark: ["check", "good"],
  ballot_box_with_check: ["check", "good"],
  x: ["close", "bad"],
  negative_squared_cross_mark: ["close", "bad"],
  no_entry: ["close", "bad"],
  warning: ["warning", "warn"],
  rotating_light: ["warning", "bad"],
  octagonal_sign: ["warning", "bad"],
  hourglass: ["clock", "calm"],
  hourglass_flowing_sand: ["clock", "calm"],
  alarm_clock: ["clock", "calm"],
  stopwatch: ["clock", "calm"],
  clock1: ["clock", "calm"],
  lock: ["lock", "calm"],
  closed_lock_with_key: ["lock", "calm"],
  key: ["key", "calm"],
  bell: ["bell", "calm"],
  eyes: ["eye", "calm"],
  mag: ["eye", "calm"],
  link: ["link", "calm"],
  paperclip: ["clip", "calm"],
  page_facing_up: ["file", "calm"],
  scroll: ["file", "calm"],
  package: ["file", "calm"],
  memo: ["file", "calm"],
  information_source: ["info", "calm"],
  recycle: ["turn", "calm"],
  repeat: ["turn", "calm"],
  arrows_counterclockwise: ["turn", "calm"],
  globe_with_meridians: ["globe", "calm"],
  bust_in_silhouette: ["person", "calm"],
  busts_in_silhouette: ["person", "calm"],
  thumbsup: ["up", "calm"],
  thumbsdown: ["down", "calm"],
  wastebasket: ["trash", "calm"],
  large_green_circle: ["dot", "good"],
  large_yellow_circle: ["dot", "warn"],
  large_orange_circle: ["dot", "warn"],
  red_circle: ["dot", "bad"],
  white_circle: ["ring", "calm"],
};

/** Left to the reader's own font. */
const TYPED = {
  tada: "🎉",
  sparkles: "✨",
  rocket: "🚀",
  wave: "👋",
  raised_hand: "✋",
  bulb: "💡",
  question: "❓",
  calendar: "📅",
  date: "📅",
  clipboard: "📋",
  email: "✉️",
  envelope: "✉️",
  wrench: "🔧",
  gear: "⚙️",
  shield: "🛡️",
  desktop_computer: "🖥️",
  computer: "💻",
  robot_face: "🤖",
  fire: "🔥",
  arrow_right: "➡️",
  rewind: "⏪",
  inbox_tray: "📥",
};

/** The picture of a shortcode as a labelled node, or null if this page does not know it. */
export function emoji(name) {
  const label = { role: "img", "aria-label": name.replaceAll("_", " ") };
  if (Object.hasOwn(DRAWN, name)) {
    const [picture, tone] = DRAWN[name];
    return h("span", { class: `emoji emoji-${tone}`, ...label }, icon(picture));
  }
  return Object.hasOwn(TYPED, name) ? h("span", { ...label }, TYPED[name]) : null;
}

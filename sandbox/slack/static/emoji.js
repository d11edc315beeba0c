// The shortcodes a certificate desk uses; any other stays as its :name:, which reads well enough.

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", negative_squared_cross_mark: "❎",
  warning: "⚠️", no_entry: "⛔", octagonal_sign: "🛑", rotating_light: "🚨", bell: "🔔", no_bell: "🔕",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", clock1: "🕐", alarm_clock: "⏰", stopwatch: "⏱️", calendar: "📅", date: "📅",
  lock: "🔒", unlock: "🔓", closed_lock_with_key: "🔐", key: "🔑", shield: "🛡️", scroll: "📜", page_facing_up: "📄",
  clipboard: "📋", package: "📦", file_folder: "📁", open_file_folder: "📂", inbox_tray: "📥", outbox_tray: "📤", paperclip: "📎",
  link: "🔗", mag: "🔍", eyes: "👀", memo: "📝", pencil: "📝", pencil2: "✏️", wrench: "🔧", hammer: "🔨", gear: "⚙️",
  computer: "💻", desktop_computer: "🖥️", satellite_antenna: "📡", globe_with_meridians: "🌐", email: "✉️", envelope: "✉️",
  rocket: "🚀", tada: "🎉", sparkles: "✨", seedling: "🌱", recycle: "♻️", repeat: "🔁", arrows_counterclockwise: "🔄",
  rewind: "⏪", arrow_right: "➡️", information_source: "ℹ️", question: "❓", bulb: "💡", bust_in_silhouette: "👤",
  busts_in_silhouette: "👥", wave: "👋", thumbsup: "👍", thumbsdown: "👎", "+1": "👍", "-1": "👎", raised_hand: "✋",
  large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", wastebasket: "🗑️", skull: "💀", fire: "🔥", point_right: "👉", robot_face: "🤖",
};

/** The picture of a shortcode as a labelled node, or null if this page does not know it. */
export function emoji(name) {
  if (!Object.hasOwn(EMOJI, name)) return null;
  const node = document.createElement("span");
  node.className = "emoji";
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", name.replaceAll("_", " "));
  node.textContent = EMOJI[name];
  return node;
}

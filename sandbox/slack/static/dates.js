// Times for people: message clocks, day lines and Slack's <!date^…> formats, in the reader's zone.

const DAY_MS = 86_400_000;

function format(date, options) {
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

export function dateOfTs(ts) {
  return new Date(Number(ts) * 1000);
}

export function clockTime(date) {
  return format(date, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function exactTime(date) {
  return format(date, { dateStyle: "full", timeStyle: "medium" });
}

/** "Today", "Yesterday", "Tomorrow", or null when the day has no such word. */
function prettyDay(date, now = new Date()) {
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(date) - midnight(now)) / DAY_MS);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[days] ?? null;
}

export function dayName(date) {
  return prettyDay(date) ?? format(date, { weekday: "long", day: "numeric", month: "long" });
}

function ago(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  const units = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const pad = (number) => String(number).padStart(2, "0");

const TOKENS = {
  date_num: (d) => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`,
  date_slash: (d) => `${pad(d.getMonth() + 1)}/${pad(d.getDate())}/${d.getFullYear()}`,
  date: (d) => format(d, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (d) => format(d, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (d) => format(d, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_long_full: (d) => format(d, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  day_divider_pretty: (d) => dayName(d),
  time: (d) => clockTime(d),
  time_secs: (d) => format(d, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  ago: (d) => ago(d),
};

/** Slack's date format filled in; null when the epoch or a token is unknown, so the fallback is shown. */
export function formatSlackDate(epoch, pattern) {
  const date = new Date(Number(epoch) * 1000);
  if (!/^-?\d+$/.test(epoch) || Number.isNaN(date.getTime())) return null;
  let known = true;
  const text = pattern.replace(/\{(\w+)\}/g, (whole, token) => {
    const plain = token.replace(/_pretty$/, "");
    if (!Object.hasOwn(TOKENS, token) && !Object.hasOwn(TOKENS, plain)) known = false;
    if (!known) return whole;
    return (plain !== token && prettyDay(date)) || TOKENS[Object.hasOwn(TOKENS, token) ? token : plain](date);
  });
  return known ? text : null;
}

// The sandbox's control API, one function a call. Every answer is JSON; a refusal becomes an Error with its sentence.

const WORDS = {
  operation_timeout: "The app did not answer within 3 seconds (operation_timeout). Try again.",
  dispatch_failed:
    "The app is not connected, or answered with an error (dispatch_failed). Start it, then try again.",
};

async function call(method, path, { query = {}, json, bytes } = {}) {
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = known.length ? `?${new URLSearchParams(known)}` : "";
  const headers = json
    ? { "Content-Type": "application/json" }
    : bytes
      ? { "Content-Type": "application/octet-stream" }
      : {};
  let response;
  try {
    response = await fetch(`/control/${path}${search}`, {
      method,
      headers,
      body: json ? JSON.stringify(json) : bytes,
    });
  } catch {
    throw new Error("The sandbox does not answer. Start it again; this page picks up by itself.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The sandbox refused (${response.status}).`);
  return answer;
}

/** The sentence for an answer's error code, or null when all went well. */
export function problemOf(answer) {
  if (answer.ok !== false && !answer.error) return null;
  return WORDS[answer.error] ?? `The app's answer could not be used (${answer.error ?? "no reason given"}).`;
}

const get = (path, query) => call("GET", path, { query });
const post = (path, json) => call("POST", path, { json });

export const workspace = () => get("workspace");
export const channels = (as) => get("channels", { as });
export const messages = (as, channel, threadTs) => get("messages", { as, channel, thread_ts: threadTs });
export const views = (as) => get("views", { as });
export const home = (as) => get("home", { as });
export const openHome = (as) => post("home", { as });
export const deliveries = () => get("deliveries");
export const calls = () => get("calls");

export const say = (message) => post("message", message);
export const command = (wish) => post("command", wish);
export const shortcut = (wish) => post("shortcut", wish);
export const action = (click) => post("action", click);
export const submitView = (submission) => post("view/submit", submission);
export const closeView = (closing) => post("view/close", closing);

export const trouble = (wish) => post("trouble", wish);
export const clearTrouble = () => call("DELETE", "trouble");
export const advanceClock = (seconds) => post("clock", { advance_s: seconds });

/** Put a file in a channel or thread; `isPrivate` only stores it, for a modal's file field. */
export async function upload({ as, channel, threadTs, file, isPrivate }) {
  const query = { as, channel, thread_ts: threadTs, filename: file.name, private: isPrivate ? 1 : undefined };
  const answer = await call("POST", "upload", { query, bytes: file });
  return answer.file;
}

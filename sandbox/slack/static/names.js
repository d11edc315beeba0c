// Who and what the ids stand for, learned once from the workspace's description.

const users = new Map();
const channels = new Map();
let self = null;

export function learn(workspace, actor) {
  for (const user of workspace.users ?? []) users.set(user.id, user);
  for (const channel of workspace.channels ?? []) channels.set(channel.id, channel);
  self = actor;
}

export function personName(id) {
  const user = users.get(id);
  return user ? user.real_name || user.name : id;
}

export function person(id) {
  return users.get(id) ?? null;
}

export function people() {
  return [...users.values()].filter((user) => !user.is_bot);
}

export function channelName(id) {
  return channels.get(id)?.name ?? id;
}

export function knownChannels() {
  return [...channels.values()];
}

export function isSelf(id) {
  return id === self;
}

/** Two letters and one of six calm colours for a person's square; the same each time. */
export function avatarOf(name) {
  const words = String(name || "?").trim().split(/\s+/);
  const letters = (words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "");
  const sum = [...String(name)].reduce((total, letter) => total * 31 + letter.codePointAt(0), 7);
  return { letters: letters.toUpperCase(), tone: Math.abs(sum % 6) };
}

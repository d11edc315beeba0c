// Who and what the ids stand for, learned once from the workspace's description.

const users = new Map();
const channels = new Map();
const tones = new Map();
let self = null;

export function learn(workspace, actor) {
  (workspace.users ?? []).forEach((user, index) => {
    users.set(user.id, user);
    tones.set(user.real_name || user.name, user.is_bot ? "app" : index % 6);
  });
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

/** One or two letters and a colour for somebody's square; the same each time. */
export function avatarOf(name) {
  const words = String(name || "?")
    .trim()
    .split(/\s+/);
  const letters = (words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "");
  return { letters: letters.toUpperCase(), tone: tones.get(name) ?? 4 };
}

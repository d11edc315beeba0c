// Where the page stands, kept in the address: #/C123?as=U1&thread=1700000000.000100 or #/home?as=U1.

export function readRoute() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const query = new URLSearchParams(search);
  return { place: decodeURIComponent(path) || null, as: query.get("as"), thread: query.get("thread") };
}

export function writeRoute({ place, as, thread }) {
  const query = new URLSearchParams({ as, ...(thread ? { thread } : {}) });
  const hash = `#/${encodeURIComponent(place)}?${query}`;
  if (location.hash !== hash) location.hash = hash;
}

/** The person meant by an id, a name or a first word ("requester"); the first one when none is. */
export function chooseActor(wanted, users) {
  const humans = users.filter((user) => !user.is_bot);
  const same = (text) => String(text ?? "").toLowerCase() === String(wanted ?? "").toLowerCase();
  return (
    humans.find((user) => user.id === wanted) ??
    humans.find((user) => same(user.name) || same(user.title)) ??
    humans[0]
  );
}

/** The channel meant by an id or name, if this person sees it; else the first one. */
export function choosePlace(wanted, channels) {
  if (wanted === "home") return wanted;
  const found =
    channels.find((channel) => channel.id === wanted) ?? channels.find((channel) => channel.name === wanted);
  return (found ?? channels[0])?.id ?? "home";
}

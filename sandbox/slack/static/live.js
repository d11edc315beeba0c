// The stream of "something you see has changed". Comes back by itself when the sandbox restarts.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

/** Listen as one person; `changed(what, channel)` runs at each news, with "everything" after each connect. */
export function listen(as, changed) {
  let socket = null;
  let wait = FIRST_WAIT_MS;
  let timer = null;
  let stopped = false;

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/control/stream?as=${encodeURIComponent(as)}`);
    socket.onopen = () => {
      wait = FIRST_WAIT_MS;
      changed("everything");
    };
    socket.onmessage = ({ data }) => {
      const news = JSON.parse(data);
      if (news.type === "changed") changed(news.what, news.channel);
    };
    socket.onclose = () => {
      if (stopped) return;
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  };

  connect();
  return function stop() {
    stopped = true;
    clearTimeout(timer);
    // A browser complains of a line that is closed before it stands.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  };
}

/** `work` never runs twice at once: calls made meanwhile become one more run afterwards. */
export function oneAtATime(work) {
  let running = null;
  let again = false;
  const loop = async () => {
    do {
      again = false;
      await work();
    } while (again);
  };
  return () => {
    if (running) again = true;
    else running = loop().finally(() => (running = null));
    return running;
  };
}

// The page: reads the address, asks the control API, hands what it gets to the panes.
//
// Hooks that stay for tests: data-message-ts, data-channel, data-block-id, data-action-id (clickable and field),
// data-input (field), data-view-id, data-submit, data-close, data-act-as, data-role, data-composer, data-attach,
// data-shortcut, data-completion, data-confirm, data-file-id, data-thread, data-reply, data-more, data-copy,
// data-missed (a click nobody answered), data-fault; <main data-ready> once the page stands.

import * as control from "./control.js";
import { conversation } from "./conversation.js";
import { h } from "./dom.js";
import { homePane } from "./home.js";
import { listen, oneAtATime } from "./live.js";
import { modalStack } from "./modal.js";
import { learn } from "./names.js";
import { attempt, notice } from "./notices.js";
import { channelPlace, threadPlace } from "./places.js";
import { chooseActor, choosePlace, readRoute, writeRoute } from "./route.js";
import { showSidebar } from "./sidebar.js";
import { showTopbar } from "./topbar.js";
import { troublePanel } from "./trouble.js";

const part = (id) => document.getElementById(id);
const state = { workspace: null, channels: [], as: null, place: null, thread: null };
let stopListening = () => {};

const channelRoot = h("div", { class: "pane" });
const homeRoot = h("div", { class: "pane" });
const trouble = troublePanel();

// What the panes may ask for. Each gives a problem's sentence, or null.

async function trying(work) {
  try {
    return control.problemOf(await work());
  } catch (error) {
    return error.message;
  }
}

const upload = (file) =>
  control.upload({
    as: state.as,
    channel: state.place === "home" ? undefined : state.place,
    file,
    isPrivate: true,
  });

const shared = {
  commands: () => state.workspace.commands ?? [],
  shortcuts: () => state.workspace.shortcuts ?? [],
  upload,
  act: (message, payload) =>
    trying(() => control.action({ as: state.as, channel: state.place, message_ts: message.ts, ...payload })),
  openThread: (ts) => go({ thread: ts }),
  async runShortcut(callbackId, message) {
    const target = message ? { channel: state.place, message_ts: message.ts } : {};
    const problem = await trying(() =>
      control.shortcut({ as: state.as, callback_id: callbackId, ...target }),
    );
    if (problem) notice(problem);
  },
};

function deskFor(threadOf) {
  const here = () => ({ as: state.as, channel: state.place });
  return {
    ...shared,
    say: (text) => trying(() => control.say({ ...here(), text, thread_ts: threadOf() })),
    command: (command, text) => trying(() => control.command({ ...here(), command, text })),
    attach: (files) =>
      trying(async () => {
        for (const file of files) await control.upload({ ...here(), threadTs: threadOf(), file });
        return {};
      }),
  };
}

const onView = (viewId, payload) =>
  trying(() => control.action({ as: state.as, view_id: viewId, ...payload }));

const channelPane = conversation(
  channelRoot,
  deskFor(() => undefined),
  { inThread: false },
);
const threadPane = conversation(
  part("thread"),
  deskFor(() => state.thread),
  { inThread: true },
);
const home = homePane(homeRoot, { act: onView, upload });
const modals = modalStack(part("modal"), {
  act: onView,
  upload,
  async submit(viewId, values) {
    try {
      return await control.submitView({ as: state.as, view_id: viewId, values });
    } catch (error) {
      return { ok: false, error: error.message };
    } finally {
      refresh.views();
    }
  },
  async close(viewId, all) {
    await attempt(() => control.closeView({ as: state.as, view_id: viewId, all }));
    refresh.views();
  },
});

// Reading: each asks for what is on show; an answer for a place already left is dropped.

function reading(ask, show) {
  return oneAtATime(async () => {
    const before = JSON.stringify([state.as, state.place, state.thread]);
    const answer = await attempt(ask);
    if (answer && before === JSON.stringify([state.as, state.place, state.thread])) show(answer);
  });
}

const refresh = {
  channels: reading(
    () => control.channels(state.as),
    ({ channels }) => {
      state.channels = channels;
      drawSidebar();
    },
  ),
  messages: reading(
    async () => (state.place === "home" ? null : control.messages(state.as, state.place)),
    ({ messages }) => channelPane.show(placeOfChannel(), messages),
  ),
  thread: reading(
    async () => (state.thread ? control.messages(state.as, state.place, state.thread) : null),
    ({ messages }) => threadPane.show(placeOfThread(), messages),
  ),
  views: reading(
    () => control.views(state.as),
    ({ views }) => modals.show(views),
  ),
  home: reading(
    async () => (state.place === "home" ? control.home(state.as) : null),
    ({ view }) => home.show(state.workspace.app, view),
  ),
  app: reading(
    () => control.workspace(),
    (workspace) => {
      state.workspace = workspace;
      learn(workspace, state.as);
      drawTopbar();
    },
  ),
};

function changed(what, channel) {
  trouble.refresh();
  if (what === "everything") return void Object.values(refresh).forEach((read) => read());
  if (what === "messages") {
    refresh.channels();
    if (!channel || channel === state.place) {
      refresh.messages();
      refresh.thread();
    }
    return;
  }
  refresh[what]?.();
}

// Drawing what no pane draws itself.

let topbarPrint = "";

function drawTopbar() {
  const print = JSON.stringify([state.workspace, state.as]);
  if (print === topbarPrint) return;
  topbarPrint = print;
  showTopbar(part("topbar"), {
    workspace: state.workspace,
    as: state.as,
    tools: trouble.node,
    actAs: (as) => go({ as, thread: null }),
  });
}

function drawSidebar() {
  showSidebar(part("sidebar"), {
    channels: state.channels,
    app: state.workspace.app,
    place: state.place,
    as: state.as,
    go: (place) => go({ place, thread: null }),
  });
}

const channelNow = () =>
  state.channels.find((channel) => channel.id === state.place) ?? {
    id: state.place,
    name: state.place,
    members: [],
  };

const placeOfChannel = () => channelPlace(channelNow(), state);
const placeOfThread = () => threadPlace(channelNow(), state, () => go({ thread: null }));

// Moving: the address is the one truth, so a link, the back button and a click do the same.

function go(change) {
  writeRoute({ place: state.place, as: state.as, thread: state.thread, ...change });
}

const follow = oneAtATime(async () => {
  const route = readRoute();
  const as = chooseActor(route.as ?? state.as, state.workspace.users).id;
  const isOther = as !== state.as;
  if (isOther) {
    modals.show([]);
    state.as = as;
    learn(state.workspace, as);
    state.channels = (await attempt(() => control.channels(as)))?.channels ?? [];
  }
  const place = choosePlace(route.place, state.channels);
  const isNewHome = place === "home" && (isOther || state.place !== "home");
  Object.assign(state, { place, thread: place === "home" ? null : route.thread });
  writeRoute(state);
  part("main").replaceChildren(place === "home" ? homeRoot : channelRoot);
  if (place !== "home") channelPane.enter(placeOfChannel());
  if (state.thread) threadPane.enter(placeOfThread());
  part("thread").hidden = !state.thread;
  drawTopbar();
  drawSidebar();
  if (isNewHome) attempt(() => control.openHome(as)).then(refresh.home);
  if (isOther) {
    stopListening();
    stopListening = listen(as, changed);
  }
  await Promise.all([refresh.messages(), refresh.thread(), refresh.home(), refresh.views()]);
  if (state.place !== "home") refresh.channels();
});

async function start() {
  state.workspace = await attempt(() => control.workspace());
  if (!state.workspace) return void setTimeout(start, 1500);
  document.title = `${state.workspace.team?.name ?? "Sandbox"} · Slack sandbox`;
  window.addEventListener("hashchange", follow);
  // A file dropped beside its place must not take the page away.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  await follow();
  part("main").dataset.ready = "true";
}

start();

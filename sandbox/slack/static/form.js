// What a person has typed or chosen in one message or view, in the shape Slack calls `state.values`.

const INITIAL_OF = {
  value: "initial_value",
  selected_option: "initial_option",
  selected_options: "initial_options",
  selected_date: "initial_date",
  selected_time: "initial_time",
  selected_date_time: "initial_date_time",
  selected_user: "initial_user",
  selected_users: "initial_users",
  selected_channel: "initial_channel",
  selected_conversation: "initial_conversation",
  files: "initial_files",
};

export class Form {
  /** `drafts` are the values of an earlier rendering: same block and action keep what was typed. */
  constructor(drafts = {}) {
    this.drafts = drafts;
    this.fields = [];
  }

  /** Register a field: `read` gives its state value, `isEmpty` says whether nothing is given. */
  add(field) {
    this.fields.push(field);
  }

  values() {
    const values = {};
    for (const { blockId, actionId, read } of this.fields) {
      values[blockId] ??= {};
      values[blockId][actionId] = read();
    }
    return values;
  }

  /** Sentences by block id for what Slack's own client refuses before asking the app. */
  problems() {
    const problems = {};
    for (const field of this.fields) {
      const sentence = field.problem?.();
      if (sentence) problems[field.blockId] = sentence;
    }
    return problems;
  }

  /** The element as it should start: the app's initial value, or what the person had put there. */
  startOf(element, blockId) {
    const draft = this.drafts[blockId]?.[element.action_id];
    if (!draft || draft.type !== element.type) return element;
    const start = { ...element };
    for (const [key, value] of Object.entries(draft)) {
      if (INITIAL_OF[key]) start[INITIAL_OF[key]] = value ?? undefined;
    }
    return start;
  }
}

/** True when a state value holds nothing a person gave. */
export function isEmptyValue(value) {
  const held = Object.entries(value).filter(([key]) => key !== "type");
  return held.every(([, item]) => item === null || item === undefined || item === "" || item.length === 0);
}

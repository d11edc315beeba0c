// What a message that starts with "/" could become: the app's commands, then their words.

/** Completions for the text so far: {text to put in, label, detail}. Empty once the words are chosen. */
export function completionsFor(text, commands) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  const [first, ...rest] = text.split(" ");
  if (!rest.length) return commandNames(first, commands);
  const command = commands.find((item) => item.command === first);
  return command && rest.length === 1 ? verbsOf(command, rest[0]) : [];
}

function commandNames(start, commands) {
  return commands
    .filter((item) => item.command.startsWith(start))
    .map((item) => ({ text: `${item.command} `, label: item.command, detail: item.description ?? "" }));
}

/** The usage hint is written as "verb ARG | verb …": each part is one completion. */
function verbsOf(command, start) {
  const parts = (command.usage_hint ?? "").split("|").map((part) => part.trim());
  return parts
    .filter((part) => /^[a-z]/i.test(part) && part.startsWith(start) && part !== start)
    .map((part) => {
      const [verb, ...args] = part.split(/\s+/);
      return {
        text: `${command.command} ${verb}${args.length ? " " : ""}`,
        label: `${command.command} ${verb}`,
        detail: args.join(" "),
      };
    });
}

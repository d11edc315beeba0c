// What a newcomer reads in an empty channel: the way of one order, in five steps.

import { h, outsideLink } from "./dom.js";

export function firstSteps(workspace) {
  const command = workspace.commands?.[0]?.command ?? "/cert";
  const portal = (workspace.links ?? [])[0];
  const steps = [
    [
      "Ask.",
      [
        "As the requester, type ",
        h("code", { class: "code" }, `${command} request`),
        " and fill in the form.",
      ],
    ],
    ["Approve.", ["Act as the manager: a card with buttons waits in the approvals channel."]],
    [
      "Order.",
      ["The CSR is made and posted in the order’s thread. Paste it at the vendor’s desk", shop(portal), " and save the zip."],
    ],
    ["Return.", ["Drop the zip into the order’s thread. It is taken apart and proven there."]],
    ["Install.", ["Act as the operator, read the plan, approve it, and watch the hosts being checked."]],
  ];
  return h(
    "section",
    { class: "guide", "aria-label": "First steps" },
    h("h2", {}, "A certificate order, from wish to handshake"),
    h(
      "ol",
      {},
      steps.map(([word, rest]) => h("li", {}, h("strong", {}, word), " ", rest)),
    ),
    h(
      "p",
      { class: "faint" },
      `Type ${command} help for all the rest. The buttons at the top switch whom you act as.`,
    ),
  );
}

function shop(portal) {
  return portal ? [" (", outsideLink(portal.url, portal.title), ")"] : null;
}

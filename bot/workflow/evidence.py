"""
The evidence of one order: everything that proves what was wanted, decided, done and seen, as files; pure.

The same order gives the same bytes at any time, on any database: nothing here knows the moment it is made at. No
secret is in it: neither files that were handed in, nor keys, only their digests.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.certs.pem import armour
from bot.domain.ids import HostName
from bot.domain.intent import Intent
from bot.domain.order import CertificateOrder, HostStep, Upload
from bot.domain.plan import Operation, canonical
from bot.domain.states import EventKind

FORMAT: Final = "certdesk-evidence-1"
Files = dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    What is known of an order.

    Args:
        upload: the file the certificate came in; its bytes are not looked at. None before one was handed in.
        intents: what the journal knows of the order's remote operations.
        audit: the order's entries as lines of `certdesk audit export`, by number.
        chain: all entries from the order's first on, as far as they tie these together; empty when left out.
        checkpoint: the signed checkpoint that `chain` leads to; empty without one.
    """

    order: CertificateOrder
    upload: Upload | None
    steps: tuple[HostStep, ...]
    intents: tuple[Intent, ...]
    audit: tuple[str, ...]
    chain: tuple[str, ...] = ()
    checkpoint: str = ""


def evidence_files(known: Evidence) -> Files:
    """The files by name, with a manifest of their SHA-256 and a page for people."""
    order = known.order
    files: Files = {
        "request.json": _json(_request(order)),
        "approvals.json": _json([_plain(one) for one in order.approvals]),
        "bundle.json": _json(_bundle(known.upload)),
        "findings.json": _json([_plain(finding) for finding in order.findings]),
        "transcript.json": _json(list(_transcript(known))),
        "steps.json": _json([_plain(step) for step in known.steps]),
        "proof.json": _json(list(_proofs(known.audit))),
        "audit.jsonl": _lines(known.audit),
        **_requests(order),
        **_certificates(order),
    }
    if order.plan is not None:
        # As it is hashed: the SHA-256 of this very file is the plan's digest in approvals and audit.
        files["plan.json"] = canonical(order.plan)
    if known.chain:
        files["chain.jsonl"] = _lines(known.chain)
    if known.checkpoint:
        files["checkpoint.json"] = _lines((known.checkpoint,))
    files["README.txt"] = _page(known, files)
    files["manifest.json"] = _json(_manifest(order, files))
    return files


def _request(order: CertificateOrder) -> dict[str, Any]:
    """What was asked for, and how far the order has come."""
    told = {
        name: getattr(order, name)
        for name in (
            "id", "version", "state", "requester", "home", "placed_at", "changed_at", "detail", "vendor_reference",
            "answers", "done_hosts", "fault_code", "installed_at", "superseded_by", "renewed_by",
        )
    }  # fmt: skip
    return {**told, "wish": _plain(order.wish)}


def _bundle(upload: Upload | None) -> dict[str, Any] | None:
    if upload is None:
        return None
    return {"name": upload.name, "sha256": upload.sha256, "by": upload.by, "at": upload.at}


def _requests(order: CertificateOrder) -> Files:
    rounds = {**order.past_csrs, **({order.csr_round: order.csr_pem} if order.csr_pem else {})}
    return {f"csr/round-{number}.pem": pem.encode() for number, pem in rounds.items() if pem}


def _certificates(order: CertificateOrder) -> Files:
    if order.certificate is None:
        return {}
    leaf, path = order.certificate.leaf_der, order.certificate.path
    above = {
        f"certificate/path-{n}.pem": armour("CERTIFICATE", der).encode()
        for n, der in enumerate(path, start=1)
    }
    return {"certificate/leaf.pem": armour("CERTIFICATE", leaf).encode(), **above}


def _transcript(known: Evidence) -> Iterator[dict[str, Any]]:
    """
    Each remote operation that was begun, or seen to be done: what it was, how often it was sent, what was seen and warned.

    In the plan's order; what the plan does not name (the CSR, roll-back, retirement, clearing) by its key, after it.
    """
    prefix = f"{known.order.id}/"
    intents = {intent.key.removeprefix(prefix): intent for intent in known.intents}
    planned = known.order.plan.hosts if known.order.plan else ()
    for operation in (one for host in planned for one in host.operations):
        intent = intents.pop(operation.key, None)
        if intent is not None:
            yield _spoken(operation.key, intent, operation)
    for key in sorted(intents):
        yield _spoken(key, intents[key], None)


def _spoken(key: str, intent: Intent, operation: Operation | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": key,
        "sent": intent.attempt,
        "answer_awaited_until": intent.deadline if intent.attempt else None,
        "was_there_before": intent.was_done,
        "answered": intent.answered,
        "seen_afterwards": intent.confirmed,
        "warnings": [_plain(caution) for caution in intent.warnings],
    }
    if operation is None:
        return told
    what = {
        "host": operation.host,
        "step": operation.step.value,
        "operation": operation.kind.value,
        "thumbprint": operation.thumbprint,
        "powershell": operation.text,
    }
    return told | what


def _proofs(audit: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """What was read back and which handshakes proved each host, as the audit has it."""
    for line in audit:
        told = json.loads(line)
        entry = json.loads(told["body"])
        if entry["what"] == EventKind.HOST_DONE.value:
            facts: dict[str, str] = entry["facts"]
            yield {
                "audit_entry": told["number"],
                "at": entry["at"],
                "host": HostName(facts.get("host", "")),
                "read_back": facts.get("read_back", ""),
                "handshakes": {k: v for k, v in facts.items() if k.startswith("proof.")},
            }


def _manifest(order: CertificateOrder, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "order": order.id,
        "plan_digest": order.plan.digest() if order.plan else None,
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }


def _page(known: Evidence, files: Mapping[str, bytes]) -> bytes:
    order = known.order
    facts = order.certificate.facts if order.certificate else None
    head = [
        f"Evidence of {order.title}",
        "",
        f"State          {order.state.value.replace('_', ' ')}, version {order.version}",
        f"Asked for by   {order.requester}, {_moment(order.placed_at)}",
        f"Names          {', '.join(order.wish.names)}",
        f"Hosts          {', '.join(order.wish.hosts)}",
        f"Vendor         {order.wish.vendor} {order.vendor_reference}".rstrip(),
    ]
    if facts is not None:
        head += [
            f"Certificate    SHA-256 {facts.sha256}",
            f"               valid until {_moment(facts.not_after)}",
        ]
    if order.plan is not None:
        head.append(f"Plan           SHA-256 {order.plan.digest()}, the digest of plan.json")
    said = [
        f"{_moment(one.at)}  {one.by}  {one.gate.value}: {'yes' if one.yes else 'no'}"
        for one in order.approvals
    ]
    inside = [f"{name:<24} {_ABOUT.get(name, _about(name))}" for name in sorted(files)]
    parts = [*head, "", "Decisions", *(said or ["none"]), "", "Files", *inside, "", *_HOW]
    return ("\n".join(_visible(line) for line in parts) + "\n").encode("ascii")


def _about(name: str) -> str:
    return "a request that was made" if name.startswith("csr/") else "a certificate of the path"


_ABOUT: Final = {
    "approvals.json": "each person's word, with what it was about",
    "audit.jsonl": "the order's audit entries, with the hashes that chain them",
    "bundle.json": "the vendor's file: name, digest, who handed it in",
    "certificate/leaf.pem": "the certificate that was proven against the request",
    "chain.jsonl": "every audit entry from the order's first on, which ties them together",
    "checkpoint.json": "the signed checkpoint the chain leads to",
    "findings.json": "what the judge found in the vendor's file",
    "plan.json": "what was approved, word for word as its digest covers it",
    "proof.json": "what was read back of each host, and the TLS handshakes",
    "request.json": "what was asked for, and how far it came",
    "steps.json": "how each step on each host ended, with Exchange's warnings",
    "transcript.json": "each operation that was sent to a host, and what was seen afterwards",
}

_HOW: Final = (
    "To verify",
    "1. manifest.json names the SHA-256 of every other file.",
    "2. In audit.jsonl and chain.jsonl, `hash` is the SHA-256 of `previous`, a line feed and `body`; in chain.jsonl each",
    "   `previous` is the `hash` before. Lines of audit.jsonl stand in chain.jsonl too.",
    "3. Compare the last hash with `certdesk audit export`, or with a signed checkpoint of the same number.",
    "4. The SHA-256 of plan.json is `subject` of the install decision in approvals.json and `plan_digest` in the audit.",
    "5. openssl x509 -in certificate/leaf.pem -noout -fingerprint -sha256",
)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _visible(line: str) -> str:
    """
    A line in printable ASCII, the rest as escapes: people's and hosts' words are in it.

    What else is printable depends on the version of Unicode that Python was built with, and the bytes must not.
    """
    return "".join(
        char if " " <= char <= "~" else char.encode("unicode_escape", "surrogatepass").decode()
        for char in line
    )


def _plain(value: object) -> Any:
    return json.loads(canonical(value))


def _json(value: object) -> bytes:
    told = json.dumps(value, indent=1, sort_keys=True, default=_of_moment)
    return f"{told}\n".encode("ascii")


def _of_moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no place in the evidence")


def _lines(lines: tuple[str, ...]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("ascii")

"""
Short words for codes: states, faults, refusals, findings, steps. Dictionaries, no logic.

A headline names the thing; the sentence with the particulars comes from where it happened.
"""

from collections.abc import Mapping
from typing import Final

from bot.domain.approvals import Gate, Role
from bot.domain.faults import FaultKind
from bot.domain.plan import Step
from bot.domain.states import State

STATES: Final[Mapping[State, str]] = {
    State.PLACED: "waiting for approval",
    State.APPROVED: "approved, the CSR is being made",
    State.CSR_READY: "ready to be submitted at the vendor",
    State.SUBMITTED: "submitted, waiting for the vendor",
    State.ISSUED: "issued, waiting for the bundle",
    State.CHECKING: "being checked",
    State.PROVEN: "proven, waiting for the plan to be approved",
    State.INSTALLING: "being installed",
    State.INSTALLED: "installed and proven",
    State.ROLLING_BACK: "being rolled back",
    State.RETIRING: "being removed from its hosts",
    State.ROLLED_BACK: "rolled back",
    State.REJECTED: "rejected",
    State.CANCELLED: "cancelled",
    State.LAPSED: "lapsed, nobody decided in time",
    State.FAILED: "stopped by a fault",
    State.SUPERSEDED: "superseded by a later order",
    State.RETIRED: "retired, its certificate was removed",
}
"""The state in words, as it follows "Order 27 is"."""

NEXT: Final[Mapping[State, str]] = {
    State.PLACED: "an approver decides in the approvals channel",
    State.APPROVED: "the CSR is made, by itself",
    State.CSR_READY: "somebody submits the CSR at the vendor and reports the vendor's order number",
    State.SUBMITTED: "the vendor issues; then somebody drops the zip into the order's thread",
    State.ISSUED: "somebody drops the vendor's zip into the order's thread",
    State.CHECKING: "CertDesk takes the bundle apart and judges it, by itself",
    State.PROVEN: "an operator reviews the plan in the approvals channel",
    State.INSTALLING: "CertDesk goes on, one host after the other",
    State.INSTALLED: "nothing; the expiry is watched",
    State.ROLLING_BACK: "the certificates of before take over again, by themselves",
    State.RETIRING: "the certificate is removed, by itself",
    State.ROLLED_BACK: "nothing; the order has ended",
    State.REJECTED: "nothing; the order has ended",
    State.CANCELLED: "nothing; the order has ended",
    State.LAPSED: "nothing; ask again if the certificate is still wanted",
    State.FAILED: "an operator mends the cause and retries",
    State.SUPERSEDED: "an approver may retire the old certificate",
    State.RETIRED: "nothing; the order has ended",
}
"""What comes next and who does it, as it follows "Next:"."""

FAULTS: Final[Mapping[str, str]] = {
    FaultKind.UNREACHABLE: "The host could not be reached. Check that it is up and that WinRM is open to CertDesk.",
    FaultKind.SIGN_IN: "The host refused the sign-in. It is not tried again, so that the account is not locked: check name and password.",
    FaultKind.ACCESS_DENIED: "The account may not do this on the host. Give it the role the set-up script names.",
    FaultKind.BUSY: "The host was busy. Retry in some minutes.",
    FaultKind.TIMEOUT: "The host did not answer in time. Before a retry CertDesk looks whether the work was done.",
    FaultKind.CMDLET_ERROR: "Exchange refused the command. Mend what it names, then retry.",
    FaultKind.NOT_TAKEN: "The command ran, but the host does not show its result. Look at the host, then retry.",
    FaultKind.UNSUPPORTED: "This Exchange cannot do that. See the sentence below for the other way.",
    FaultKind.PROTOCOL: "The host answered in a way CertDesk does not understand. Send the incident to the people who run CertDesk.",
}
"""What a fault of a host means, by its kind."""

REFUSED: Final[Mapping[str, str]] = {
    "stale": "Somebody was faster",
    "not-now": "Not possible now",
    "smtp-question-open": "A question is open",
    "smtp-answers-differ": "The answers differ",
    "own-order": "Your own order",
    "local-key-forbidden": "No key by CertDesk here",
    "own-upload": "Your own upload",
    "own-ending": "Ended by you",
    "decided-already": "You decided already",
    "still-installed": "Still installed",
    "nothing-before": "Nothing to go back to",
    "nothing-abandoned": "Nothing to clear",
    "being-cleared": "Being cleared",
    "not-yours": "Somebody else's order",
    "order-unknown": "No such order",
    "bad-reference": "An unknown button",
    "bad-words": "Not understood",
    "foreign-team": "Another workspace",
    "account-closed": "A closed account",
    "account-guest": "A guest's account",
    "foreign-channel": "Another channel",
    "not-an-order": "No order here",
    "unknown-host": "No such host",
    "nothing-configured": "Nothing is configured",
    "nothing-installed": "Nothing to probe",
    "file-gone": "The file cannot be read",
    "file-foreign": "A file from outside",
    "file-host": "The file lies elsewhere",
    "file-sign-in": "The file was not given",
    "file-html": "A web page, no bundle",
    "file-empty": "An empty file",
    "file-too-big": "The file is too big",
    "file-length": "The file came incomplete",
    **{f"not-{role.value}": f"For {role.value}s only" for role in Role},
}
"""A title for each refusal, short enough for a window; its sentence says the rest."""

FINDINGS: Final[Mapping[str, str]] = {
    "not_expected": "Nobody waits for this file",
    "too_big": "The file is too big",
    "not_recognised": "Not a certificate file",
    "zip_malformed": "The zip is damaged",
    "zip_encrypted": "The zip is encrypted",
    "zip_bomb": "The zip unpacks to too much",
    "zip_path": "The zip holds forbidden paths",
    "zip_duplicate": "The zip holds a name twice",
    "zip_nested": "Too many zips inside each other",
    "zip_too_many": "The zip holds too many files",
    "zip_method": "The zip uses an unknown compression",
    "private_key_present": "A private key is inside",
    "pkcs12_refused": "A PFX or key store is inside",
    "no_certificate": "No certificate inside",
    "too_many_certs": "Too many certificates inside",
    "parse_error": "A certificate cannot be read",
    "no_leaf": "No server certificate inside",
    "key_mismatch": "The certificate belongs to another CSR",
    "ambiguous_leaf": "Several certificates fit",
    "is_ca": "A CA certificate instead of a server's",
    "precertificate": "A precertificate",
    "not_server_auth": "Not for servers",
    "weak_key": "The key is too weak",
    "weak_signature": "The signature is too weak",
    "name_missing": "An ordered name is missing",
    "name_extra": "A name nobody ordered",
    "name_bad": "A name that cannot be public",
    "cn_not_in_san": "The common name is not among the names",
    "not_yet_valid": "Not valid yet",
    "expired": "Expired",
    "too_long": "Valid for longer than allowed",
    "chain_incomplete": "An intermediate is missing",
    "untrusted_root": "No trusted root",
    "chain_invalid": "The chain does not hold",
    "wrong_vendor": "Another vendor than ordered",
    "revoked": "Revoked",
    "revocation_unknown": "Revocation not known",
    "not_revoked": "Not revoked",
    "already_known": "Installed already",
    "client_auth_lost": "Not for client authentication any more",
    "unusual_usage": "An unusual usage",
    "few_scts": "Few transparency proofs",
    "days_left": "The days it has left",
    "lint": "The linter's advice",
    "took_too_long": "Looking at it took too long",
    "changed": "Differs",
    "csr_unreadable": "The CSR cannot be read",
    "csr_not_signed": "The CSR is not signed by its own key",
    "cn_mismatch": "Another common name",
    "not_judged": "Not judged",
}
"""A title for each finding code of the judge; the finding's own message says the rest."""

GATES: Final[Mapping[Gate, str]] = {
    Gate.ISSUE: "ordering",
    Gate.INSTALL: "installing",
    Gate.OVERWRITE_SMTP: "overwriting the default SMTP certificate",
    Gate.ROLL_BACK: "rolling back",
    Gate.RETIRE: "retiring",
    Gate.CLEAR_REQUEST: "clearing the pending request",
}
"""What a decision at a gate is about."""

STEPS: Final[Mapping[Step, str]] = {
    Step.REQUEST: "Certificate request",
    Step.INTERMEDIATES: "Intermediates",
    Step.IMPORT: "Import",
    Step.ENABLE: "Services",
    Step.CONNECTORS: "Connectors",
    Step.VERIFY: "Proof",
    Step.RESTORE: "Restore",
    Step.REMOVE: "Removal",
}
"""What the steps of a host are called."""


def finding_title(code: str) -> str:
    """A finding's title; an unknown code reads as its own words."""
    return FINDINGS.get(code, code.replace("_", " ").capitalize())


def refusal_title(code: str) -> str:
    """A refusal's title."""
    return REFUSED.get(code, "Not done")

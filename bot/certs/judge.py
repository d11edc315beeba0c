"""
The judge: an upload against an order, step by step, with every finding and one verdict.

The steps are those of `docs/bundles.md`; step 1 (who may upload) belongs to the door. Everything is an argument: no clock, no file, no network.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509

from bot.certs.advice import advise, check_known, check_vendor
from bot.certs.bag import Bag
from bot.certs.bystanders import explain_ignored
from bot.certs.certificate import Certificate, Unreadable, read_certificate
from bot.certs.chain import index_anchors
from bot.certs.codes import in_order
from bot.certs.expectation import Expectation, SeenSerial
from bot.certs.findings import BadMaterial, Finding, Severity, note, refuse, show
from bot.certs.leaf import LeafFacts, leaf_facts, read_leaf
from bot.certs.leaf_rules import check_kind, check_strength, check_time
from bot.certs.material import open_bundle
from bot.certs.name_rules import check_names
from bot.certs.path_rules import Chain, prove_chain
from bot.certs.selection import Selection, pick_leaf
from bot.certs.verdict import (
    Ignored,
    IssuedCertificate,
    Outcome,
    Verdict,
    outcome_of,
    with_findings,
)

__all__ = [
    "Expectation",
    "Ignored",
    "IssuedCertificate",
    "LeafFacts",
    "Outcome",
    "SeenSerial",
    "Verdict",
    "judge_upload",
    "read_leaf",
    "rejudge",
    "with_findings",
]


def judge_upload(
    data: bytes,
    filename: str,
    expectation: Expectation,
    *,
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> Verdict:
    """
    Judge an upload; any bytes give a verdict, never an exception.

    Args:
        data: as uploaded: zip, PEM, DER, PKCS7 or pasted text.
        filename: only a label for sentences.
        expectation: what the order approved.
        anchors: the team's trusted certificates.
        at: now, aware.
    """
    where = filename or "upload"
    # Steps 2 to 5: take it apart.
    try:
        bag = open_bundle(data, filename=where)
    except BadMaterial as bad:
        return Verdict(
            outcome="refuse", findings=bad.findings, certificate=None, leaf=None, ignored=()
        )
    # Step 6: which one is ours.
    selection = _select(bag, expectation, where)
    # Steps 7 to 15: what it is worth.
    if selection.leaf is None:
        chain, judged = Chain(path=None, findings=()), selection.findings
    else:
        chain = prove_chain(selection.leaf, bag.certificates, anchors=anchors, at=at)
        judged = tuple(_judge_leaf(selection.leaf, chain, expectation, at))
    findings = in_order((*_about_bag(bag, judged), *judged))
    return _verdict(bag, selection, chain, findings, anchors)


def rejudge(
    certificate: IssuedCertificate,
    expectation: Expectation,
    *,
    anchors: Sequence[x509.Certificate],
    at: datetime,
) -> tuple[Finding, ...]:
    """
    Judge what was accepted and stored once more, right before it is installed: time has passed (steps 6 to 15).

    Returns:
        every finding; the installation may go on when none of them refuses. A path that is not exactly the proven one refuses.
    """
    try:
        leaf = read_certificate(certificate.leaf_der, where="the stored certificate")
        path = [read_certificate(der, where="a stored intermediate") for der in certificate.path]
    except Unreadable as fault:
        return (_parse_error("the stored certificate", str(fault), "refuse"),)
    selection = pick_leaf([leaf], expectation.spki_der, where=leaf.where)
    if selection.leaf is None:
        return selection.findings
    chain = prove_chain(leaf, path, anchors=anchors, at=at)
    return in_order(
        (*_judge_leaf(leaf, chain, expectation, at), *_check_stored(certificate, chain))
    )


def _check_stored(certificate: IssuedCertificate, chain: Chain) -> Iterator[Finding]:
    """What is installed must be exactly what is proven: nothing may have slipped into the stored path."""
    if chain.path is None:
        return
    if certificate.path != tuple(cert.der for cert in chain.path.intermediates):
        yield refuse(
            "chain_invalid",
            "the stored certificate",
            "The stored intermediates are not exactly those that lead to a trusted root now, so the trusted list or the "
            "store has changed. Nothing was installed. Upload the vendor's bundle again.",
        )


def _select(bag: Bag, expectation: Expectation, where: str) -> Selection:
    """Without certificates, or with too many, there is nothing to choose from; the bag has said so itself."""
    if not bag.is_usable:
        return Selection(leaf=None, findings=(), passed_over={})
    return pick_leaf(bag.certificates, expectation.spki_der, where=where)


def _judge_leaf(
    leaf: Certificate, chain: Chain, expectation: Expectation, at: datetime
) -> Iterator[Finding]:
    """Steps 7 to 15 in their order."""
    own = (
        *check_kind(leaf),
        *check_strength(leaf, expectation),
        *check_names(leaf, expectation),
        *check_time(leaf, expectation, at),
    )
    yield from own
    # The library's verifier also stumbles over the leaf; then its words only repeat what was said better.
    if not (chain.is_said_by_verifier and outcome_of(own) == "refuse"):
        yield from chain.findings
    yield from check_vendor(leaf, expectation)
    # Step 13, revocation, asks the network: its findings are made elsewhere and join by `with_findings`.
    yield from check_known(leaf, expectation)
    yield from advise(leaf, expectation, at)


def _about_bag(bag: Bag, judged: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """
    Return what was found while taking apart, unreadable certificates included.

    A whole certificate of an old make that nobody can read is no reason to refuse what stands without it, but the first reason when
    something is missing.
    """
    severity: Severity = "refuse" if outcome_of((*bag.findings, *judged)) == "refuse" else "note"
    return (
        *(_parse_error(where, why, severity) for where, _, why in bag.unreadable),
        *bag.findings,
    )


def _parse_error(where: str, why: str, severity: Severity) -> Finding:
    make = refuse if severity == "refuse" else note
    return make(
        "parse_error",
        where,
        f"A certificate in {show(where)} cannot be read: {show(why)}. It was not used. "
        "If it is one you need, download the bundle again or ask the vendor for it.",
    )


def _verdict(
    bag: Bag,
    selection: Selection,
    chain: Chain,
    findings: tuple[Finding, ...],
    anchors: Sequence[x509.Certificate],
) -> Verdict:
    leaf, outcome = selection.leaf, outcome_of(findings)
    path = () if chain.path is None else chain.path.intermediates
    facts = None if leaf is None else leaf_facts(leaf)
    issued = None
    if leaf is not None and facts is not None and chain.path is not None and outcome != "refuse":
        issued = IssuedCertificate(
            leaf_der=leaf.der, path=tuple(cert.der for cert in path), facts=facts
        )
    used = {cert.sha256 for cert in path} | ({leaf.sha256} if leaf is not None else set())
    return Verdict(
        outcome=outcome,
        findings=findings,
        certificate=issued,
        leaf=facts,
        ignored=explain_ignored(
            bag,
            used=used,
            passed_over=selection.passed_over,
            anchors=index_anchors(tuple(anchors)),
        ),
    )

"""
Asking the issuers whether they took a proven certificate back: lists first, responders where no list helps.

Only certificates of a proven path are asked about, and only at the addresses they name themselves. What the network does is a
finding, never an exception. Nothing is kept between two questions.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cryptography import x509

from bot.certs.findings import Finding, note, refuse, show, warn
from bot.certs.judge import IssuedCertificate
from bot.domain.ids import VendorName
from bot.ports import Clock
from bot.watch.crl import lists_of, standing_by_list
from bot.watch.fetching import Fetcher, NotFetched, Question
from bot.watch.ocsp import REQUEST_TYPE, request_for, responders_of, standing_by_response
from bot.watch.standing import Standing, Unproven

_ADDRESSES: Final = 2
"""Addresses of one kind that are tried for one certificate."""
_WHOLE_S: Final = 20.0
"""After so long nobody else is asked: a path of five with four silent addresses each would take minutes."""

Anchors = Callable[[VendorName], Sequence[x509.Certificate]]
_Ask = Callable[[str, x509.Certificate, x509.Certificate], Standing]


class HttpRevocation:
    """
    `ports.Revocation` over HTTP.

    Args:
        anchors: the roots trusted for a vendor; the last intermediate's list is signed by one of them.
    """

    def __init__(self, fetcher: Fetcher, anchors: Anchors, clock: Clock) -> None:
        self._fetcher = fetcher
        self._anchors = anchors
        self._clock = clock

    def check(self, certificate: IssuedCertificate, *, vendor: VendorName) -> tuple[Finding, ...]:
        """Ask about the leaf and every intermediate."""
        line = [certificate.leaf_der, *certificate.path]
        certs = [x509.load_der_x509_certificate(der) for der in line]
        above = [*certs[1:], self._anchor_over(certs[-1], vendor)]
        deadline = self._fetcher.monotonic() + _WHOLE_S
        standings = [
            (cert, self._standing(cert, issuer, deadline, is_leaf=cert is certs[0]))
            for cert, issuer in zip(certs, above, strict=True)
        ]
        return tuple(_findings(standings))

    def _anchor_over(self, cert: x509.Certificate, vendor: VendorName) -> x509.Certificate | None:
        for anchor in self._anchors(vendor):
            if anchor.subject == cert.issuer and _is_issued_by(cert, anchor):
                return anchor
        return None

    def _standing(
        self,
        cert: x509.Certificate,
        issuer: x509.Certificate | None,
        deadline: float,
        *,
        is_leaf: bool,
    ) -> Standing | None:
        """How one certificate stands; None for an intermediate that names nobody to ask."""
        if issuer is None:
            return Standing(state="unknown", said="its issuer is not known here any more")
        asks = [
            *((self._by_list, url) for url in lists_of(cert)[:_ADDRESSES]),
            *((self._by_responder, url) for url in responders_of(cert)[:_ADDRESSES]),
        ]
        if not asks:
            nobody = Standing(state="unknown", said="it names neither a list nor a responder")
            return nobody if is_leaf else None
        return self._first_proof(cert, issuer, asks, deadline)

    def _first_proof(
        self,
        cert: x509.Certificate,
        issuer: x509.Certificate,
        asks: Sequence[tuple[_Ask, str]],
        deadline: float,
    ) -> Standing:
        """The first answer that proves something; else why the first one did not."""
        why = ""
        for ask, url in asks:
            if self._fetcher.monotonic() > deadline:
                why = why or "there was no time left to ask"
                break
            try:
                return ask(url, cert, issuer)
            except (NotFetched, Unproven) as fault:
                why = why or str(fault)
        return Standing(state="unknown", said=why)

    def _by_list(self, url: str, cert: x509.Certificate, issuer: x509.Certificate) -> Standing:
        data = self._fetcher.fetch(url)
        return standing_by_list(data, cert=cert, issuer=issuer, at=self._clock.now())

    def _by_responder(self, url: str, cert: x509.Certificate, issuer: x509.Certificate) -> Standing:
        question = Question(body=request_for(cert, issuer), content_type=REQUEST_TYPE)
        data = self._fetcher.fetch(url, question)
        return standing_by_response(data, cert=cert, issuer=issuer, at=self._clock.now())


def _is_issued_by(cert: x509.Certificate, anchor: x509.Certificate) -> bool:
    try:
        cert.verify_directly_issued_by(anchor)
    except Exception:  # noqa: BLE001 - a signature, a type, a name: the library has an exception for each, and all say no
        return False
    return True


def _findings(
    standings: Sequence[tuple[x509.Certificate, Standing | None]],
) -> Iterator[Finding]:
    for cert, standing in standings:
        title = show(cert.subject.rfc4514_string())
        if standing is not None and standing.state == "revoked":
            yield refuse(
                "revoked",
                "revocation",
                f"The certificate {title} was revoked by its issuer {standing.said}. Nothing was installed. "
                "Ask the vendor why, and let it be issued again with a new CSR.",
            )
        elif standing is not None and standing.state == "unknown":
            yield warn(
                "revocation_unknown",
                "revocation",
                f"Whether {title} was revoked is not known: {standing.said}. It is used nevertheless. "
                "If the vendor revoked it, do not install it.",
            )
    said = [standing for _, standing in standings if standing is not None]
    if all(standing.state == "good" for standing in said):
        yield note(
            "not_revoked",
            "revocation",
            f"No certificate of the path was revoked, {said[0].said}.",
        )

"""Certificates in a few words, as forecasts and refusals name them."""

from bot.certs.findings import show
from bot.domain.plan import HostCertificate


def label(held: HostCertificate) -> str:
    """Subject, the beginning of the handle, the last day."""
    return f"{show(held.subject)} ({held.thumbprint[:8]}…, until {held.not_after:%Y-%m-%d})"

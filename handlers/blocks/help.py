"""What `/cert` understands, for people who see it for the first time."""

from typing import Final

from handlers.blocks.parts import Picture, context, header, picture, section

WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("request [NAME …]", "ask for a certificate; names and `services=IIS,SMTP` can be typed ahead"),
    ("renew [ID]", "ask for the successor of an installed certificate"),
    ("list", "the orders that are under way"),
    ("status ID", "where an order stands and who has to act"),
    ("csr ID", "the CSR of an order, ready to paste"),
    (
        "submitted ID REFERENCE",
        "report that the CSR is at the vendor, with the vendor's order number",
    ),
    ("issued ID", "report that the vendor has issued"),
    ("install ID", "review the plan and install"),
    ("rollback ID", "give the services back to the certificates of before"),
    ("retire ID", "remove a certificate that is not needed any more"),
    ("cancel ID", "call an order off"),
    ("clear ID", "clear the pending request that an order left on its host"),
    ("hosts", "the Exchange hosts and what is installed on them"),
    ("inventory HOST", "read the certificates and the pending requests on a host"),
    ("probe NAME", "real TLS handshakes with a host or a name"),
    ("audit ID", "who did what to an order, and when"),
    ("help", "this list"),
)
"""Every word with what it does, in the order of an order's life."""


def help_picture() -> Picture:
    """Render the help."""
    lines = "\n".join(f"`/cert {word}`  {does}" for word, does in WORDS)
    told = "CertDesk runs the life of an Exchange certificate, from the request to the proven handshake."
    return picture(
        f"{told} Say `/cert request` to begin.",
        [
            header("What CertDesk can do"),
            section(told),
            section(lines),
            context(
                "The way: request, approval, CSR, vendor, bundle, plan, installation. "
                "Drop the vendor's zip into the order's thread; never upload private keys."
            ),
        ],
    )

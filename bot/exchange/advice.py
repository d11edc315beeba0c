"""What to do before a certificate can be removed: the same words before the try (`uses.py`) and after a refusal (`catalogue.py`)."""

from typing import Final

FOR_DEFAULT: Final = "Make another certificate the default for SMTP first."
FOR_ASSIGNED: Final = "Give UM, its call router or the federation trust another certificate first."
FOR_CONNECTORS: Final = (
    "Give these connectors the name of another certificate first; where that one has the same issuer and subject, clear "
    "TlsCertificateName, retire this one, set the name again and restart MSExchangeTransport."
)

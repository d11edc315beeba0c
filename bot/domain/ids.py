"""Names for the things CertDesk speaks of, so that no bare string passes for another."""

from typing import NewType

OrderId = NewType("OrderId", int)
"""Our own number of an order; what people type after ``/cert status``."""

HostName = NewType("HostName", str)
"""The name of an Exchange server as the configuration gives it, for example ``EX01``."""

PersonId = NewType("PersonId", str)
"""A person in chat as ``team:user``, for example ``T012:U345``: never a display name."""

VendorName = NewType("VendorName", str)
"""The short name of a vendor as the configuration gives it, for example ``godaddy``."""

UploadId = NewType("UploadId", int)
"""One file that somebody handed in for an order."""

SYSTEM = PersonId("certdesk:system")
"""Who acts when the machine does."""

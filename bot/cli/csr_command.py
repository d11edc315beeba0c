"""The New-ExchangeCertificate line for people, by the same code that makes the real operation."""

from bot.certs.names import parse_names
from bot.domain.subject import Subject
from bot.exchange.cmdlets import new_request
from bot.exchange.dialect import dialect_of_word
from bot.exchange.preview import preview_call

_KEYS = {"C": "country", "S": "state", "ST": "state", "L": "locality", "O": "organization", "OU": "unit", "CN": "common_name"}  # fmt: skip


def csr_command(version: str, subject: str, names: tuple[str, ...], *, key_bits: int) -> str:
    """
    Print the line for one Exchange version.

    Raises:
        ValueError: the version, the subject or a name cannot be used.
    """
    dialect = dialect_of_word(version)
    parts = _parse_subject(subject)
    call = new_request(
        subject=parts,
        names=parse_names("\n".join(names), common_name=parts.common_name),
        key_bits=key_bits,
        exportable=False,
        friendly_name=f"CertDesk {parts.common_name}"[:63],
        path=r"C:\certdesk.req" if dialect.csr_as == "file" else "",
    )
    return preview_call(call)


def _parse_subject(text: str) -> Subject:
    if "=" not in text:
        return Subject(common_name=text.strip())
    fields: dict[str, str] = {}
    for part in text.split(","):
        key, _, value = part.partition("=")
        field = _KEYS.get(key.strip().upper())
        if field is None:
            raise ValueError(f"The subject part {part.strip()!r} is not one of {', '.join(_KEYS)}.")
        fields[field] = value.strip()
    if "common_name" not in fields:
        raise ValueError("The subject names no CN. Write it as --subject CN=mail.example.com.")
    return Subject(**fields)

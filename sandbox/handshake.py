"""Handshakes of the sandbox's own, to see what a service really shows; they trust nobody's word."""

import asyncio
import ssl

from cryptography import x509

GREETINGS: dict[str, tuple[bytes, ...]] = {
    "smtp": (b"EHLO story.example.com\r\n", b"STARTTLS\r\n"),
    "imap": (b"a STARTTLS\r\n",),
    "pop": (b"STLS\r\n",),
}


async def shown_certificates(ports: dict[str, int], name: str) -> dict[str, tuple[str, ...]]:
    """The DNS names in the leaf each service shows; services by their sandbox names."""
    services = [service for service in ("https", "smtp", "imap", "pop") if service in ports]
    found = await asyncio.gather(*(_names(service, ports[service], name) for service in services))
    return dict(zip(services, found, strict=True))


async def _names(service: str, port: int, name: str) -> tuple[str, ...]:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if service == "https":
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=name
        )
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for line in GREETINGS[service]:
            writer.write(line)
            await _answer(reader)
        await writer.start_tls(context, server_hostname=name)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    leaf = x509.load_der_x509_certificate(der)
    san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return tuple(san.value.get_values_for_type(x509.DNSName))


async def _answer(reader: asyncio.StreamReader) -> None:
    while True:
        line = await reader.readline()
        # an SMTP answer of several lines has a dash after its code until the last one
        if line[3:4] != b"-":
            return

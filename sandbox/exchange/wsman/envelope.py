"""SOAP envelopes of WS-Management: requests in, responses and faults out. No state, no sockets."""

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from sandbox.exchange.wsman.faults import Fault

_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSMAN: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
CMD_SHELL_URI: Final = SHELL + "/cmd"
CONFIG_URI: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
_FAULT: Final = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
_WMI: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
_ANONYMOUS: Final = _ADDRESSING + "/role/anonymous"
_DURATION: Final = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)


class NotAnEnvelope(Exception):
    """The bytes are no SOAP envelope that could be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WsmanRequest:
    """One request, read. `verb` is the action's last word; ids are empty when absent."""

    action: str
    message_id: str
    resource_uri: str
    shell_id: str
    timeout_s: float
    max_envelope: int
    options: Mapping[str, str]
    body: ET.Element

    @property
    def verb(self) -> str:
        return self.action.rpartition("/")[2]


def parse_request(data: bytes) -> WsmanRequest:
    """
    The request in these bytes.

    Raises:
        NotAnEnvelope: not XML, not SOAP, or with a document type (none is needed, some are weapons).
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise NotAnEnvelope("document types are refused")
    try:
        root = ET.fromstring(data)
    except ET.ParseError as bad:
        raise NotAnEnvelope(str(bad)) from bad
    header = root.find(f"{{{_SOAP}}}Header")
    body = root.find(f"{{{_SOAP}}}Body")
    if header is None or body is None:
        raise NotAnEnvelope("header or body is missing")
    return WsmanRequest(
        action=_text(header, _ADDRESSING, "Action"),
        message_id=_text(header, _ADDRESSING, "MessageID"),
        resource_uri=_text(header, _WSMAN, "ResourceURI"),
        shell_id=_named(header, "Selector").get("ShellId", ""),
        timeout_s=parse_duration(_text(header, _WSMAN, "OperationTimeout")) or 60.0,
        max_envelope=_number(_text(header, _WSMAN, "MaxEnvelopeSize"), 153600),
        options=_named(header, "Option"),
        body=body,
    )


def parse_duration(text: str) -> float:
    """Seconds in an xs:duration of days, hours, minutes and seconds; 0 when it is something else."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return 0.0
    days, hours, minutes, seconds = (float(match[name] or 0) for name in "dhms")
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def render_response(request: WsmanRequest, action: str, body: str) -> bytes:
    """The answer to a request; `body` is XML that uses the prefixes a, w, x, rsp and cfg."""
    return _envelope(request.message_id, action, body)


def render_fault(message_id: str, fault: Fault, *, machine: str, as_wmi: bool = False) -> bytes:
    """A fault; quotas may come as MSFT_WmiError instead of WSManFault."""
    extra = f"<w:FaultDetail>{escape(fault.detail)}</w:FaultDetail>" if fault.detail else ""
    text = escape(fault.text)
    told = (
        f'<p:MSFT_WmiError xmlns:p="{_WMI}"><p:error_Code>{fault.code}</p:error_Code>'
        f"<p:Message>{text}</p:Message></p:MSFT_WmiError>"
        if as_wmi
        else f'<f:WSManFault xmlns:f="{_FAULT}" Code="{fault.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{text}</f:Message></f:WSManFault>"
    )
    body = (
        f"<s:Fault><s:Code><s:Value>s:{fault.side}</s:Value><s:Subcode><s:Value>{fault.subcode}"
        f'</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{text}</s:Text>'
        f"</s:Reason><s:Detail>{extra}{told}</s:Detail></s:Fault>"
    )
    return _envelope(message_id, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", body)


def _envelope(relates_to: str, action: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" xmlns:s="{_SOAP}" xmlns:a="{_ADDRESSING}" '
        f'xmlns:w="{_WSMAN}" xmlns:x="{TRANSFER}" xmlns:rsp="{SHELL}" xmlns:cfg="{CONFIG_URI}">'
        f"<s:Header><a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{_ANONYMOUS}</a:To><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _text(header: ET.Element, namespace: str, tag: str) -> str:
    return (header.findtext(f"{{{namespace}}}{tag}") or "").strip()


def _named(header: ET.Element, tag: str) -> dict[str, str]:
    found = header.iter(f"{{{_WSMAN}}}{tag}")
    return {element.get("Name", ""): (element.text or "").strip() for element in found}


def _number(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default

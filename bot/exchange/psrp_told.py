"""What pypsrp, requests and pyspnego raise, read as the one trouble of a wire (winrm.md 3, "What is raised when")."""

import contextlib
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Final

import requests
from pypsrp.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMTransportError,
    WSManFaultError,
)
from spnego.exceptions import SpnegoError

from bot.exchange.allowance import TooLate
from bot.exchange.faults import Accident, Moment, WireTrouble
from bot.exchange.frames import BadValue
from bot.exchange.psrp_faults import endpoint_accident, http_trouble, wsman_trouble
from bot.exchange.tickets import NoTicket
from bot.exchange.winrm_reading import is_unsent, tls_accident

_LIBRARY_FAULTS: Final = (
    WinRMError,
    SpnegoError,
    requests.RequestException,
    ET.ParseError,
    OSError,
    struct.error,
    # pypsrp reads answers without looking whether the parts are there: a foreign page ends in these.
    LookupError,
    RuntimeError,
    AttributeError,
    TypeError,
    ValueError,
)


@contextlib.contextmanager
def told(moment: Moment) -> Iterator[None]:
    """Let every failure of the libraries leave as `WireTrouble`."""
    try:
        yield
    except BadValue as fault:
        raise endpoint_accident(Accident.BAD_VALUE, Moment.SEND, note=str(fault)) from fault
    except NoTicket as fault:
        raise endpoint_accident(fault.what, moment, note=fault.note) from fault
    except TooLate as fault:
        raise endpoint_accident(Accident.TOO_LATE, moment) from fault
    except _LIBRARY_FAULTS as fault:
        raise _trouble(fault, moment) from fault


def _trouble(fault: Exception, moment: Moment) -> WireTrouble:
    match fault:
        case AuthenticationError():
            return http_trouble(401, moment)
        case WSManFaultError():
            return wsman_trouble(fault.code, str(fault.reason or ""), moment)
        case WinRMTransportError():
            return http_trouble(int(fault.code), moment)
        case _:
            return endpoint_accident(_accident_of(fault, moment), moment)


def _accident_of(fault: Exception, moment: Moment) -> Accident:
    if is_unsent(fault):
        return Accident.NO_ROUTE
    match fault:
        case requests.exceptions.SSLError():
            return tls_accident(fault, moment)
        case requests.TooManyRedirects():
            return Accident.REDIRECT
        case requests.ReadTimeout():
            return Accident.READ_TIMEOUT
        case SpnegoError():
            # While signing in there is no ticket; later a sealed answer could not be opened.
            return Accident.TICKET if moment is Moment.OPEN else Accident.BROKEN
        case requests.RequestException() | OSError():
            return Accident.BROKEN
        case WinRMError() if type(fault) is WinRMError:
            # What pypsrp says of a sealed answer that cannot be opened, and of one that belongs to another message.
            return Accident.BROKEN
        case _:
            return Accident.NOT_SOAP

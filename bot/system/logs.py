"""
The log: one JSON object a line, with everything that looks like a secret masked.

The libraries' own debug output holds tokens and whole bodies (slack.md 1.14), so they never log below INFO.
"""

import logging
import re
import sys
from typing import Any

import structlog

_MASKED = re.compile(
    # Slack's tokens, whatever letter they begin with.
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+"
    # A private key that got into a sentence.
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)"
    # One-use addresses: response_url, the ticket of a socket, upload addresses.
    r"|(?:https?|wss?)://[^\s\"'<>]*(?:/commands/|/actions/|/response|/services/|/triggers/|ticket=|upload)[^\s\"'<>]*"
    # user:password@ in an address; the password may hold anything but blanks.
    r"|(?<=://)[^\s/:@]*:\S*(?=@)"
    # A header or a field by its name, with a scheme before the value, in quotes or bare.
    r"|(?i:(?<![a-z])authorization|(?:password|passwd|pwd|secret|token|(?:vault|api)[_-]?key)s?)[\"']?\s*[:=]\s*"
    r"(?:(?i:basic|bearer|negotiate|ntlm|kerberos)\s+[^\s\"',}]+|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|[^\s\"',}]+)",
    re.DOTALL,
)
_QUIET = (
    "slack_bolt",
    "slack_sdk",
    "dbos",
    "aiohttp",
    "urllib3",
    "requests",
    "winrm",
    "spnego",
    "alembic",
)


def mask(text: str) -> str:
    """Replace tokens, passwords and one-use addresses by ``***``."""
    return _MASKED.sub("***", text)


def start_logging(*, verbose: bool = False) -> None:
    """Send the log to stderr; stdout belongs to the command line's answers."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _mask_event(_logger: Any, _method: str, event: Any) -> Any:
    return _masked(event)


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _masked(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:
            return value

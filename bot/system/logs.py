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
    r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|https?://[^\s\"']*(?:/commands/|/actions/|/response|ticket=|upload)[^\s\"']*"
    r"|(?i:(?:password|secret|token|authorization)[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+"
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
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}

"""
Calls as PowerShell for people to read; what runs is the call itself, never this text.

Still quoted as if it ran, because people copy it. PowerShell takes five characters as a single quote
and any of them ends a literal opened with any other, so each is doubled (winrm.md 8, PowerShell's
own EscapeSingleQuotedStringContent).
"""

from typing import Final

from bot.certs.prints import Thumbprint
from bot.domain.plan import Renaming
from bot.exchange.call import Call, Secret, SmtpDecision, Switch, Value
from bot.exchange.frames import check_text

_QUOTES: Final = "'\u2018\u2019\u201a\u201b"
_DOUBLED: Final = str.maketrans({quote: quote * 2 for quote in _QUOTES})


def quote_text(text: str) -> str:
    """
    Write a text as a PowerShell literal in which nothing is special.

    Raises:
        BadValue: it holds a control character or half a character; such values are never sent either.
    """
    return f"'{check_text(text).translate(_DOUBLED)}'"


def preview_call(call: Call, *, file_name: str = "certificate.cer") -> str:
    """
    Write a cmdlet call as one line.

    Args:
        file_name: where a person would have the bytes that CertDesk sends as data.
    """
    parts = [_parameter(name, value, file_name) for name, value in call.values]
    note = [_answer_note(call.decision)] if call.decision is not None else []
    return " ".join([call.cmdlet, *parts, *note])


def preview_intermediate(file_name: str) -> str:
    """Write what a person would type to add a CA certificate to the machine's intermediates."""
    return f"certutil -f -addstore CA {quote_text(file_name)}"


def preview_removal(thumbprint: Thumbprint) -> str:
    """Write what a person would type to take a CA certificate out of the machine's intermediates."""
    return f"certutil -delstore CA {quote_text(thumbprint)}"


def preview_naming(connector: Renaming, thumbprint: Thumbprint) -> str:
    """
    Write how a connector is made to name a certificate, in the spelling Exchange itself prints.

    Raises:
        BadValue: the connector's name cannot be quoted.
    """
    return (
        f"$c = Get-ExchangeCertificate -Thumbprint:{quote_text(thumbprint)}; "
        f"Set-{connector.direction.title()}Connector -Identity:{quote_text(connector.identity)} "
        '-TlsCertificateName:"<I>$($c.Issuer)<S>$($c.Subject)"'
    )


def _answer_note(decision: SmtpDecision) -> str:
    """Write what a person would type when Exchange asks, as a comment behind the command."""
    word = "Y" if decision.overwrite else "N"
    return f'# answer {word} to "Overwrite the existing default SMTP certificate?"'


def _parameter(name: str, value: Value, file_name: str) -> str:
    match value:
        case Switch():
            return f"-{name}"
        case bytes():
            return f"-{name}:([IO.File]::ReadAllBytes({quote_text(file_name)}))"
        case Secret():
            return f"-{name}:(Read-Host -AsSecureString)"
        case bool():
            return f"-{name}:{'$true' if value else '$false'}"
        case int():
            return f"-{name}:{value}"
        case tuple():
            return f"-{name}:{','.join(quote_text(item) for item in value)}"
        case str():
            return f"-{name}:{quote_text(value)}"

"""What the plan's card and its modal say of one host in the same words: certificates, forecast, commands."""

from bot.domain.plan import Answer, CertificateLine, HostPlan
from handlers.blocks.text import code, cut_markup, when

DIGEST_SHOWN = 12
FORECAST = "What happens"
COMMANDS = "Commands, in order"
_HEAD_LIMIT = 1000


def host_head(number: int, host: HostPlan) -> str:
    """The host with its place in the row, and the two certificates its question is about, in mrkdwn."""
    lines = [f"*{number}. {code(host.host)}* (build {code(host.build)})"]
    if host.question is not None:
        lines.append(f"Default SMTP certificate now: {_certificate(host.question.current)}")
        lines.append(f"The new certificate: {_certificate(host.question.new)}")
    return cut_markup("\n".join(lines), _HEAD_LIMIT)


def forecast_text(host: HostPlan) -> str:
    """Every sentence of the forecast on a line of its own."""
    return "\n".join(f"• {sentence}" for sentence in host.forecast)


def operations_text(host: HostPlan) -> str:
    """Every operation of a host as PowerShell for people, numbered."""
    lines = (
        f"{number}. {_only_if(op.only_if)}{op.text}" for number, op in enumerate(host.operations, 1)
    )
    return "\n".join(lines) or "Nothing to do."


def _certificate(line: CertificateLine | None) -> str:
    if line is None:
        return "none in the host's store"
    return f"{code(line.thumbprint)}, expires {when(line.not_after)}"


def _only_if(answer: Answer | None) -> str:
    return f"(if {answer.value.capitalize()}) " if answer else ""

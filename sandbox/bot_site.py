"""
What the bot is told about a town: its environment and its `certdesk.toml`, as values and text.

Never here: files, processes, ports.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ISSUER = "Sandbox Trust, Inc."
ANCHORS_FILE = "anchors.pem"
# imaps and pops are open too, but the bot looks at the STARTTLS doors of the same services
PROBED = ("https", "smtp", "imap", "pop")
# who of the sandbox's people may do what; a requester needs no entry
ROLES = {"manager": "approver", "operator": "operator", "auditor": "auditor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TownFacts:
    """The addresses of a started town, as its parts told them."""

    slack: Mapping[str, Any]
    exchange: Sequence[Mapping[str, Any]]
    vendor: Mapping[str, Any]
    people: Mapping[str, str]


def password_variable(host_name: str) -> str:
    """The variable that holds a host's password."""
    return f"CERTDESK_HOST_{re.sub('[^A-Z0-9]', '_', host_name.upper())}_PASSWORD"


def bot_environment(
    facts: TownFacts, *, mode: str, config: str, database_url: str, vault_key: str
) -> dict[str, str]:
    """Every variable the bot reads, and no other."""
    slack = facts.slack
    passwords = {password_variable(host["name"]): host["password"] for host in facts.exchange}
    return {
        "SLACK_BOT_TOKEN": slack["bot_token"],
        "SLACK_APP_TOKEN": slack["app_token"],
        "SLACK_SIGNING_SECRET": slack["signing_secret"],
        "SLACK_API_URL": slack["api_url"],
        "CERTDESK_WORLD": "sandbox",
        "CERTDESK_MODE": mode,
        "CERTDESK_CONFIG": config,
        "CERTDESK_DATABASE_URL": database_url,
        "CERTDESK_VAULT_KEY": vault_key,
        "CERTDESK_COMMAND_DEADLINE_S": "8",
        **passwords,
    }


def render_site(facts: TownFacts) -> str:
    """The text of `certdesk.toml`: channels, people, hosts, the vendor, the policy."""
    channels = facts.slack["channels"]
    tables = [
        _table(
            "[slack]",
            approvals_channel=channels["cert-approvals"],
            channels=list(channels.values()),
        ),
        *_people(facts),
        *(_host(host) for host in facts.exchange),
        _table(
            "[[vendors]]",
            name="sandbox",
            title="Sandbox Certificates for Exchange",
            guide="godaddy",
            page=facts.vendor["page"],
            issuers=[ISSUER],
            anchors=ANCHORS_FILE,
        ),
        _table("[policy]", renew_at=0.6667, minimum_days=7),
    ]
    return "\n".join(tables)


def _people(facts: TownFacts) -> list[str]:
    team, users = facts.slack["team_id"], facts.slack["users"]
    return [
        _table(
            "[[people]]",
            slack=f"{team}:{users[person]}",
            name=facts.people.get(users[person], person.title()),
            roles=[role],
        )
        for person, role in ROLES.items()
    ]


def _host(host: Mapping[str, Any]) -> str:
    ports = {service: port for service, port in host["tls"].items() if service in PROBED}
    endpoint = {"psrp": host["psrp"], "door": "psrp"} if host.get("door") == "psrp" else {}
    keys = {"local_key": True} if host.get("local_key") else {}
    about = _table(
        "[[hosts]]",
        name=host["name"],
        version=host["version"],
        winrm=host["wsman_http"],
        auth="ntlm",
        user=host["user"],
        password_env=password_variable(host["name"]),
        shell="snapin",
        **endpoint,
        **keys,
        connect_to="127.0.0.1",
    )
    return about + "\n" + _table("[hosts.ports]", **ports)


def _table(heading: str, **values: Any) -> str:
    """One table; a JSON value of text, number or list of these is a TOML value too."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([heading, *lines, ""])

"""What a town tells the bot: valid TOML of the agreed shape and a whole environment."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.bot_site import TownFacts, bot_environment, password_variable, render_site
from sandbox.vendor.authority import ORGANISATION

SLACK: dict[str, Any] = {
    "api_url": "http://127.0.0.1:1/api/",
    "bot_token": "xoxb-1",
    "app_token": "xapp-1",
    "signing_secret": "s3",
    "team_id": "T1",
    "users": {"requester": "U1", "manager": "U2", "operator": "U3", "auditor": "U4"},
    "channels": {"cert-requests": "C1", "cert-approvals": "C2"},
}
HOST: dict[str, Any] = {
    "name": "EX01",
    "version": "2019",
    "wsman_http": "http://127.0.0.1:2/wsman",
    "user": "CORP\\svc-certdesk",
    "password": 'p"w',
    "tls": {"https": 3, "smtp": 4, "imaps": 5},
}
PEOPLE = {"U2": "Max Manager", "U3": "Olga Operator", "U4": "Arthur Auditor"}


def facts(**host: Any) -> TownFacts:
    """A town of one host."""
    vendor = {"page": "http://127.0.0.1:5/"}
    return TownFacts(slack=SLACK, exchange=[{**HOST, **host}], vendor=vendor, people=PEOPLE)


def environment() -> dict[str, str]:
    """The bot's environment in that town."""
    return bot_environment(
        facts(),
        mode="socket",
        config="/x/certdesk.toml",
        database_url="sqlite:////x/d",
        vault_key="k",
    )


def test_site_is_toml_of_the_agreed_shape() -> None:
    """Channels, people with roles, the host with its ports, the vendor, the policy."""
    assert tomllib.loads(render_site(facts())) == {
        "slack": {"approvals_channel": "C2", "channels": ["C1", "C2"]},
        "people": [
            {"slack": "T1:U2", "name": "Max Manager", "roles": ["approver"]},
            {"slack": "T1:U3", "name": "Olga Operator", "roles": ["operator"]},
            {"slack": "T1:U4", "name": "Arthur Auditor", "roles": ["auditor"]},
        ],
        "hosts": [
            {
                "name": "EX01",
                "version": "2019",
                "winrm": "http://127.0.0.1:2/wsman",
                "auth": "ntlm",
                "user": "CORP\\svc-certdesk",
                "password_env": "CERTDESK_HOST_EX01_PASSWORD",
                "shell": "snapin",
                "connect_to": "127.0.0.1",
                "ports": {"https": 3, "smtp": 4},
            }
        ],
        "vendors": [
            {
                "name": "sandbox",
                "title": "Sandbox Certificates for Exchange",
                "guide": "godaddy",
                "page": "http://127.0.0.1:5/",
                "issuers": [ORGANISATION],
                "anchors": "anchors.pem",
            }
        ],
        "policy": {"renew_at": 0.6667, "minimum_days": 7},
    }


def test_site_holds_no_secret() -> None:
    """Passwords and tokens are in the environment alone."""
    text = render_site(facts())

    secrets = [SLACK["bot_token"], SLACK["app_token"], json.dumps(HOST["password"])]
    assert not [secret for secret in secrets if secret in text]


def test_environment_names_every_variable() -> None:
    """Slack's usual names, CertDesk's own, and one password for each host."""
    assert sorted(environment()) == [
        "CERTDESK_COMMAND_DEADLINE_S",
        "CERTDESK_CONFIG",
        "CERTDESK_DATABASE_URL",
        "CERTDESK_HOST_EX01_PASSWORD",
        "CERTDESK_MODE",
        "CERTDESK_VAULT_KEY",
        "CERTDESK_WORLD",
        "SLACK_API_URL",
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
    ]


def test_environment_says_sandbox() -> None:
    """Without this word the bot would refuse another Slack than the real one."""
    assert environment()["CERTDESK_WORLD"] == "sandbox"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("EX01", "CERTDESK_HOST_EX01_PASSWORD"),
        ("ex-02.corp", "CERTDESK_HOST_EX_02_CORP_PASSWORD"),
    ],
)
def test_password_variable_is_a_shell_name(name: str, variable: str) -> None:
    """Upper case, nothing but letters, digits and underscores."""
    assert password_variable(name) == variable


@given(st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF)))
def test_any_text_survives_the_way_through_the_file(user: str) -> None:
    """Quotes, backslashes and line ends do not break out of their value."""
    assert tomllib.loads(render_site(facts(user=user)))["hosts"][0]["user"] == user

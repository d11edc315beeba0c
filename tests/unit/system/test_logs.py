"""The log: no secret survives it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.system.logs import mask, start_logging

SECRET = "s3cr3t-V4lue"
LEAKS = [
    f"xoxb-1234-{SECRET}",
    f"xoxp-1-{SECRET}",
    f"xoxe.xoxp-1-{SECRET}",
    f"xapp-1-A0-{SECRET}",
    f"https://hooks.slack.com/commands/T1/{SECRET}",
    f"https://hooks.slack.com/actions/T1/1/{SECRET}",
    f"https://hooks.slack.com/services/T1/B1/{SECRET}",
    f"https://files.slack.com/upload/v1/{SECRET}",
    f"wss://wss-primary.slack.com/link/?ticket={SECRET}&app_id=1",
    f"postgresql+psycopg://certdesk:{SECRET}@db/certdesk",
    f"https://user:p@ss/{SECRET}@host/",
    f"password={SECRET}",
    f"Password: {SECRET}",
    f'{{"password": "two words {SECRET}", "user": "x"}}',
    f"{{'client_secret': 'a \\' quote {SECRET}'}}",
    f"CERTDESK_VAULT_KEY={SECRET}",
    f"SLACK_SIGNING_SECRET={SECRET}",
    f"Authorization: Bearer {SECRET}",
    f"authorization: Negotiate {SECRET}",
    f"'Authorization': 'Basic {SECRET}'",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_nothing_that_looks_like_a_secret_survives(text: str) -> None:
    """Each known shape, alone and in the middle of a sentence."""
    assert SECRET not in mask(text)
    assert SECRET not in mask(f"It failed with {text} and then it went on.")


@pytest.mark.parametrize(
    "text",
    [
        "order 27 is installed on EX01",
        "The password was refused by EX01.",
        "https://certs.godaddy.com/orders/1?tab=2",
        "GET http://127.0.0.1:8080/healthz",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "3f2a91c0 is the fingerprint, AB:CD the thumbprint",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """A log that masks everything helps nobody."""
    assert text == mask(text)


@settings(deadline=None)
@given(
    before=st.text(),
    kind=st.sampled_from(["xoxb-", "xoxp-", "xoxa-", "xoxe-", "xapp-"]),
    token=st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=8),
    after=st.text(),
)
def test_no_token_survives_in_any_text(before: str, kind: str, token: str, after: str) -> None:
    """Whatever stands before and behind it."""
    masked = mask(f"{before}{kind}{token} {after}")

    assert f"{kind}{token}" not in masked.replace(mask(before), "").replace(mask(after), "")


@settings(deadline=None)
@given(st.text())
def test_masking_twice_changes_no_more(text: str) -> None:
    """What was masked is not taken for a secret again and cut further into."""
    once = mask(f"password={text}")

    assert SECRET not in mask(once)
    assert mask(text + SECRET) is not None


@contextmanager
def running_log() -> Iterator[None]:
    """The log as the running house has it; afterwards as it was."""
    root = logging.getLogger()
    kept = list(root.handlers), root.level
    start_logging()
    try:
        yield
    finally:
        root.handlers, root.level = kept
        structlog.reset_defaults()


def fail() -> None:
    """Raise something with a password in it."""
    raise ValueError("password=hunter2")


def test_a_line_is_one_json_object_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and the libraries' lines alike, arguments, nested values and tracebacks included; stdout stays empty."""
    with running_log():
        structlog.get_logger("house").info(
            "sent", body={"auth": ["xoxb-1-abc", {"x": "xapp-1-def"}]}, n=3
        )
        try:
            fail()
        except ValueError:
            logging.getLogger("somebody.else").exception("failed with %s", "xoxb-2-ghi")

    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.err.splitlines()]

    assert "" == told.out
    assert ["sent", "failed with ***"] == [line["event"] for line in lines]
    assert {"auth": ["***", {"x": "***"}]} == lines[0]["body"]
    assert "ValueError: ***" in lines[1]["exception"]


def test_the_libraries_debug_output_never_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    """It holds tokens and whole bodies."""
    with running_log():
        logging.getLogger("slack_sdk.web").debug("Headers: xoxb-1-abc")
        logging.getLogger("slack_bolt").info("chatter")

    assert "" == capsys.readouterr().err

"""Where the bot token may go: Slack's own file hosts, or the very server that plays Slack."""

import pytest

from handlers.fetch import may_send_token

SLACK = "https://slack.com/api/"
SANDBOX = "http://127.0.0.1:8080/api/"


@pytest.mark.parametrize(
    ("url", "api", "may"),
    [
        ("https://files.slack.com/files-pri/T1-F1/mail.zip", SLACK, True),
        ("https://files.slack.com:443/files-pri/T1-F1/mail.zip", SLACK, True),
        ("http://files.slack.com/files-pri/T1-F1/mail.zip", SLACK, False),
        ("https://files.slack.com:8443/x", SLACK, False),
        ("https://files.slack.com.evil.example/x", SLACK, False),
        ("https://files.slack.com@evil.example/x", SLACK, False),
        ("https://evil.example/files.slack.com", SLACK, False),
        ("http://127.0.0.1:8080/files/F1", SLACK, False),
        ("http://127.0.0.1:8080/files/F1", SANDBOX, True),
        ("http://127.0.0.1:8081/files/F1", SANDBOX, False),
        ("https://files.slack.com/x", SANDBOX, False),
        ("file:///etc/passwd", SLACK, False),
        ("", SLACK, False),
    ],
)
def test_where_the_token_may_go(url: str, api: str, *, may: bool) -> None:
    """Only https to Slack's file hosts; in the sandbox only the same host and port."""
    assert may_send_token(url, api) is may

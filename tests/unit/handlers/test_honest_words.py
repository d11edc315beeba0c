"""What is said when an order ends otherwise than it was wished: what stays, and what nobody knows."""

import pytest

from bot.domain.messages import LineMessage, Place
from bot.domain.states import State
from handlers.words import render_line
from tests.unit.handlers import scene


def said(code: str, **parts: object) -> str:
    """The line in the order's thread."""
    facts = {"by": scene.MAX, "host": "EX01", "code": str(parts.pop("fault", "host-busy"))}
    order = scene.order(State.CANCELLED, **parts)
    return render_line(LineMessage(code=code, place=Place.THREAD, facts=facts), order)


@pytest.mark.parametrize(
    ("parts", "told", "untold"),
    [
        ({"failed_in": State.INSTALLING}, "What the installation changed", "pending request"),
        ({"failed_in": State.APPROVED, "csr_pem": ""}, "pending request", "installation changed"),
        (
            {"vendor_reference": "GD-1"},
            "The purchase `GD-1` at the vendor is not called",
            "changed",
        ),
        ({"csr_pem": "", "vendor_reference": ""}, "nothing more will be done", "pending request"),
    ],
)
def test_calling_off_says_what_it_does_not_undo(
    parts: dict[str, object], told: str, untold: str
) -> None:
    """On the hosts and at the vendor's desk things stay as they are."""
    line = said("cancel", **parts)

    assert told in line
    assert untold not in line


def test_a_fault_of_ours_claims_nothing_about_the_hosts() -> None:
    """When CertDesk itself failed nobody knows which host was the last."""
    assert "were not touched" not in said("host-failed", fault="internal")
    assert "were not touched" in said("host-failed")


def test_nothing_is_said_to_serve_nothing() -> None:
    """After a No the certificate of before is still the default for SMTP; nobody looked at the moment."""
    assert "serves nothing" not in said("superseded") + said("roll-back-finished")


LEFT = "EX01: IIS is served now by 'CN=<later>', so that was left as it is."


def test_what_a_roll_back_left_alone_is_said_in_the_thread() -> None:
    """Service by service, as data; and where nothing was left alone, not a word of it."""
    order = scene.order(State.ROLLED_BACK)
    facts = {"left": f"{LEFT}\nEX02: POP is served now by none."}
    line = LineMessage(code="roll-back-finished", place=Place.THREAD, facts=facts)
    told = render_line(line, order)

    assert "• EX01: IIS is served now by 'CN=&lt;later&gt;'" in told
    assert "• EX02: POP is served now by none." in told
    assert told.index("Left alone") < told.index("What could not be undone")
    assert "Left alone" not in said("roll-back-finished")


def test_a_roll_back_that_could_not_give_everything_back_touched_every_host() -> None:
    """It goes on to the other hosts, so nothing may say that they were not touched."""
    told = said("host-failed", fault="before-not-usable")

    assert "were not touched" not in told
    assert "Not everything could be given back" in told

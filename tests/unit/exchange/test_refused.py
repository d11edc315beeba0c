"""The memory of refused passwords."""

from bot.exchange.refused import KEPT_S, RefusedPasswords

_DOOR = "https://ex01.corp.example.com:5986/wsman"


class _Now:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_refused_password_waits_and_then_may_be_tried() -> None:
    """For some minutes it is not sent again; afterwards the account may be unlocked."""
    now = _Now()
    refused = RefusedPasswords(now)
    refused.remember(_DOOR, "CORP\\svc", "old")

    assert refused.waits_s(_DOOR, "corp\\SVC", "old") == KEPT_S
    now.s = KEPT_S
    assert refused.waits_s(_DOOR, "CORP\\svc", "old") == 0


def test_another_password_door_or_user_is_not_concerned() -> None:
    """A changed secret is tried at once."""
    refused = RefusedPasswords(_Now())
    refused.remember(_DOOR, "svc", "old")

    assert refused.waits_s(_DOOR, "svc", "new") == 0
    assert refused.waits_s("http://ex02/wsman", "svc", "old") == 0
    assert refused.waits_s(_DOOR, "other", "old") == 0


def test_a_sign_in_that_worked_clears_it() -> None:
    """What was refused for another reason is forgotten."""
    refused = RefusedPasswords(_Now())
    refused.remember(_DOOR, "svc", "old")
    refused.forget(_DOOR, "svc")

    assert refused.waits_s(_DOOR, "svc", "old") == 0


def test_the_password_itself_is_not_kept() -> None:
    """A memory dump of the object shows a salted hash and nothing else."""
    refused = RefusedPasswords(_Now())
    refused.remember(_DOOR, "svc", "s3cr3t-in-memory")

    assert "s3cr3t-in-memory" not in repr(vars(refused))


def test_two_processes_have_two_salts() -> None:
    """A hash is of no use elsewhere."""
    one, other = RefusedPasswords(_Now()), RefusedPasswords(_Now())
    one.remember(_DOOR, "svc", "x")
    other.remember(_DOOR, "svc", "x")

    assert one._refused[_DOOR, "svc"][0] != other._refused[_DOOR, "svc"][0]

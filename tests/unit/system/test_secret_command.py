"""Secrets that another program hands out: exactly its one line, or a sentence that repeats nothing."""

import sys
from pathlib import Path
from threading import Event

import pytest

from bot.system.secret_command import LIMIT_BYTES, NoSecret, secret_of

PYTHON = sys.executable


def told(code: str, *arguments: str, limit_s: float = 20.0) -> str:
    """What a program of this Python code hands out."""
    return secret_of([PYTHON, "-c", code, *arguments], limit_s=limit_s)


def test_the_line_is_the_secret() -> None:
    """Without its end, with the blanks a password may have."""
    assert " p4ss wörd " == told("print(' p4ss wörd ')", limit_s=20)
    assert "x" == told("import sys; sys.stdout.buffer.write(b'x\\r\\n')")


def test_arguments_never_meet_a_shell() -> None:
    """What a shell would obey reaches the program as it was written."""
    hostile = "$(id) `id` ; echo hush > stolen | 'x' \"y\" *"

    assert hostile == told("import sys; print(sys.argv[1])", hostile)


def test_certdesk_s_own_secrets_stay_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets the rest of the environment, which its own sign-in may need."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "hush")
    monkeypatch.setenv("CERTDESK_VAULT_KEY", "hush")
    monkeypatch.setenv("PGPASSWORD", "hush")
    monkeypatch.setenv("EX01_PASSWORD", "hush")
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example.com")

    code = "import os; print(sorted(k for k in os.environ if k[:2] in ('SL','CE','VA','PG','EX')))"
    seen = secret_of([PYTHON, "-c", code], hidden=["EX01_PASSWORD"], limit_s=20)
    assert "['VAULT_ADDR']" == seen


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; print('hush'); sys.exit(3)", "ended with code 3."),
        ("import sys; sys.stderr.write('hush'); sys.exit(1)", "ended with code 1."),
        ("raise SystemExit('hush')", "ended with code 1."),
        ("pass", "answered nothing."),
        ("print()", "answered nothing."),
        ("print('hush\\nhush')", "answered more than one line."),
        ("print('hu\\0sh')", "answered more than one line."),
        ("import sys; sys.stdout.buffer.write(b'hush\\xff')", "is not UTF-8 text."),
        (f"print('hush' * {LIMIT_BYTES})", "which is no password."),
        ("while True: print('hush' * 999, flush=True)", "which is no password."),
    ],
)
def test_what_is_no_secret_is_a_sentence_without_it(code: str, says: str) -> None:
    """Neither its answer nor its complaint is repeated, and nothing hangs on the fault."""
    with pytest.raises(NoSecret) as refused:
        told(code)

    assert str(refused.value).endswith(says)
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_program_that_is_not_there_is_a_sentence() -> None:
    """By its name, without its arguments."""
    with pytest.raises(NoSecret, match="'/no/such/program' cannot be started") as refused:
        secret_of(["/no/such/program", "hush"])

    assert "hush" not in str(refused.value)


def test_a_slow_program_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """A sign-in never hangs on it, and nothing is left behind."""
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib, time\n"
        f"child = subprocess.Popen([{PYTHON!r}, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
        "print('hush', flush=True)\n"
        "time.sleep(600)"
    )
    with pytest.raises(NoSecret, match="did not answer within 3 seconds"):
        told(code, limit_s=3)

    if note.exists():
        stat = Path(f"/proc/{note.read_text()}/stat")
        for _ in range(600):
            if not stat.exists() or stat.read_text().split()[2] == "Z":
                return
            Event().wait(0.1)
        pytest.fail("what the program started is still there")

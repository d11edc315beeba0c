"""Each secret setting stands in the environment, a file or with a program: in one of them, and in no sentence."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.host_wiring import _access
from bot.settings import BadSettings, Settings, load_settings
from bot.site_file import HostSection
from bot.system.secret_command import LIMIT_BYTES
from tests.unit.cli.front_door import FrontDoor

READERS: dict[str, Callable[[Settings], str]] = {
    "SLACK_BOT_TOKEN": lambda settings: settings.bot_token,
    "SLACK_APP_TOKEN": lambda settings: settings.app_token,
    "SLACK_SIGNING_SECRET": lambda settings: settings.signing_secret,
    "CERTDESK_VAULT_KEY": lambda settings: ",".join(settings.vault_keys),
    "CERTDESK_DATABASE_PASSWORD": lambda settings: settings.database_address.split(":")[2].split(
        "@"
    )[0],
}
SERVER = "postgresql://certdesk@db.example.com/certdesk"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, a database that takes a password, and no other word about CertDesk."""
    for name in list(os.environ):
        if name.startswith(("CERTDESK_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CERTDESK_DATABASE_URL", SERVER)


def program(code: str) -> str:
    """The setting of a program of this Python code."""
    return json.dumps([sys.executable, "-c", code])


def kept(path: Path, data: bytes = b"hush\n", mode: int = 0o600) -> str:
    """A file with a secret."""
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def faults() -> tuple[str, ...]:
    """What is wrong with the settings."""
    with pytest.raises(BadSettings) as raised:
        load_settings()
    assert "hush" not in str(raised.value)
    return raised.value.faults


def test_every_secret_setting_is_read_here() -> None:
    """A new secret has all three sources, or it is no secret."""
    secret = {
        str(field.alias)
        for field in Settings.model_fields.values()
        if "SecretStr" in str(field.annotation)
    }

    assert set(READERS) == secret
    assert {f"{name}{kind}" for name in secret for kind in ("_FILE", "_COMMAND")} <= {
        field.alias for field in Settings.model_fields.values()
    }


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("source", ["", "_FILE", "_COMMAND"])
def test_a_secret_comes_from_any_of_its_sources(
    name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line's end is no part of it, and a file may be handed over by its group."""
    given = {
        "": "hush",
        "_FILE": kept(tmp_path / "s", mode=0o440),
        "_COMMAND": program("print('hush')"),
    }
    monkeypatch.setenv(f"{name}{source}", given[source])

    settings = load_settings()

    assert "hush" == READERS[name](settings)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("pair", [("", "_FILE"), ("", "_COMMAND"), ("_FILE", "_COMMAND")])
def test_two_sources_of_a_secret_are_refused(
    name: str, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of them counts would be a guess."""
    given = {"": "hush", "_FILE": "/hush", "_COMMAND": '["hush"]'}
    for kind in pair:
        monkeypatch.setenv(f"{name}{kind}", given[kind])

    first, second = pair
    assert (
        f"{name}{second}: It is set, and so is {name}{first}. Keep one of them, empty the other.",
    ) == faults()


def test_the_environment_overrules_the_other_sources_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `.env` that names a file does not quarrel with a token in the environment; its other secrets count."""
    (tmp_path / ".env").write_text(
        f"SLACK_BOT_TOKEN_FILE=/no/such/file\nSLACK_APP_TOKEN_FILE={kept(tmp_path / 's')}\n"
        "CERTDESK_VAULT_KEY=\nCERTDESK_VAULT_KEY_FILE=\nCERTDESK_VAULT_KEY_COMMAND=\nCERTDESK_TRIES=3\n"
    )
    monkeypatch.setenv("SLACK_BOT_TOKEN", "from the environment")
    monkeypatch.setenv("CERTDESK_VAULT_KEY_COMMAND", program("print('key')"))

    settings = load_settings()

    assert ("from the environment", "hush", ("key",), 3) == (
        settings.bot_token, settings.app_token, settings.vault_keys, settings.tries,
    )  # fmt: skip


@pytest.mark.parametrize("argv", ["pass show hush", '{"hush": 1}', '["hush", 1]', '["", "hush"]'])
def test_a_program_that_is_no_list_is_refused(argv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no shell that would take a line apart."""
    monkeypatch.setenv("CERTDESK_VAULT_KEY_COMMAND", argv)

    [told] = faults()

    assert told.startswith("CERTDESK_VAULT_KEY_COMMAND: ")


BAD_FILES = {
    "is empty.": b"\n",
    "holds more than one line.": b"hush\nhush\n",
    "is not UTF-8 text.": b"hush\xff",
    "which is no secret.": b"hush" * LIMIT_BYTES,
}


@pytest.mark.parametrize("says", sorted(BAD_FILES))
def test_a_file_without_a_secret_is_a_sentence(
    says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the setting and the file, and nothing that is in it."""
    path = kept(tmp_path / "s", BAD_FILES[says])
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", path)

    told = load_settings().faults_for_running()[0]

    assert told.startswith(f"SLACK_BOT_TOKEN_FILE: {path} ")
    assert told.endswith(says)
    assert "hush" not in told


def test_a_file_that_is_not_there_or_open_to_everybody_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And so is one that is no file, which could be waited for without end."""
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", "/no/such/file")
    monkeypatch.setenv("SLACK_APP_TOKEN_FILE", kept(tmp_path / "open", mode=0o644))
    monkeypatch.setenv("CERTDESK_VAULT_KEY_FILE", str(tmp_path))

    bot, vault, app = load_settings().faults_for_running()

    assert "SLACK_BOT_TOKEN_FILE: /no/such/file cannot be read (FileNotFoundError)." == bot
    assert vault.endswith("is no file.")
    assert app.endswith("is open to others than its owner and group (mode 644); make it 600.")


def test_every_program_that_fails_is_told_at_once_and_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow one would otherwise be waited for again and again."""
    count = tmp_path / "count"
    failing = f"open({str(count)!r}, 'a').write('x'); print('hush'); raise SystemExit(3)"
    for name in ("SLACK_BOT_TOKEN", "CERTDESK_VAULT_KEY", "CERTDESK_DATABASE_PASSWORD"):
        monkeypatch.setenv(f"{name}_COMMAND", program(failing))
    monkeypatch.setenv("SLACK_APP_TOKEN", "hush")
    settings = load_settings()

    told = settings.faults_for_running()

    assert told == settings.faults_for_running()
    assert [
        f"{name}_COMMAND: {sys.executable!r} ended with code 3."
        for name in ("SLACK_BOT_TOKEN", "CERTDESK_VAULT_KEY", "CERTDESK_DATABASE_PASSWORD")
    ] == list(told)
    assert "xxx" == count.read_text()


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_a_signing_secret_that_cannot_be_had_is_told_before_the_start(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either way it is read when the doors are built: by then a worker would be at work already."""
    monkeypatch.setenv("CERTDESK_MODE", mode)
    monkeypatch.setenv("SLACK_SIGNING_SECRET_FILE", "/no/such/hush")

    told = [one for one in load_settings().faults_for_running() if "SIGNING" in one]

    assert ["SLACK_SIGNING_SECRET_FILE: /no/such/hush cannot be read (FileNotFoundError)."] == told


def test_the_database_s_password_stands_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the address or apart from it; SQLite has none; whatever is in it reaches the address whole."""
    monkeypatch.setenv("CERTDESK_DATABASE_PASSWORD", "p:a/s@s?")
    assert (
        "postgresql://certdesk:p%3Aa%2Fs%40s%3F@db.example.com/certdesk"
        == load_settings().database_address
    )
    for address, says in {
        "postgresql://certdesk:hush@db/certdesk": "holds a password too",
        "postgresql://db/certdesk?user=c&password=hush": "holds a password too",
        "sqlite:///var/certdesk.db": "which has no password",
    }.items():
        monkeypatch.setenv("CERTDESK_DATABASE_URL", address)
        [told] = faults()
        assert told.startswith("CERTDESK_DATABASE_PASSWORD: ")
        assert says in told


@pytest.mark.parametrize(
    "address",
    [
        SERVER,
        "postgresql+psycopg://certdesk@ad.example.com@db.example.com:5433/certdesk",
        "postgresql://certdesk:@db.example.com/certdesk",
        "postgresql://db.example.com:5433/certdesk?sslmode=verify-full",
        "postgresql://certdesk@[fd00::1]:5433/certdesk",
        "postgresql://[fd00::1]/certdesk",
        "postgresql:///certdesk?host=/run/postgresql",
    ],
)
def test_the_password_changes_nothing_else_of_an_address(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the database's library reads it: a name with a sign of its own must not become a part of the server's."""
    monkeypatch.setenv("CERTDESK_DATABASE_URL", address)
    monkeypatch.setenv("CERTDESK_DATABASE_PASSWORD", "p:a/s@s?")

    meant, got = make_url(address), make_url(load_settings().database_address)

    assert "p:a/s@s?" == got.password
    assert [meant.username or "", meant.host, meant.port, meant.database, meant.query] == [
        got.username, got.host, got.port, got.database, got.query,
    ]  # fmt: skip


SEES = "import os; print(','.join(sorted(k for k in os.environ if 'hush' in os.environ[k])) or 'nothing')"


def test_no_program_sees_a_secret_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the database's password nor any host's, whichever variable the site file names."""
    site = tmp_path / "certdesk.toml"
    site.write_text(
        '[[hosts]]\npassword_env = "EX01"\n[[hosts]]\npassword_env = "EX02"\n[[hosts]]\n'
    )
    for name in ("EX01", "EX02", "PGPASSWORD", "SLACK_APP_TOKEN"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("SLACK_BOT_TOKEN_COMMAND", program(SEES))
    section = HostSection.model_validate(
        {
            "name": "EX03", "version": "2019", "winrm": "https://ex03:5986/wsman",
            "password_command": json.loads(program(SEES)),
        }
    )  # fmt: skip

    settings = load_settings()

    assert "nothing" == settings.bot_token
    assert "nothing" == _access(settings, section, settings.hidden_variables).password()


@pytest.mark.parametrize(
    "text", ["hosts = 3", "[[hosts]]\npassword_env = 5", "no toml", "hosts = [1]"]
)
def test_a_site_file_that_cannot_be_used_hides_nothing_more(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told of where it is loaded, not here."""
    (tmp_path / "certdesk.toml").write_text(text)
    monkeypatch.setenv("SLACK_BOT_TOKEN_COMMAND", program("print('hush')"))

    assert "hush" == load_settings().bot_token


def test_doctor_reads_every_source_and_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password nobody hands out is told once, and no database is called without it."""
    monkeypatch.setenv(
        "CERTDESK_DATABASE_PASSWORD_COMMAND", program("print('hush'); raise SystemExit(1)")
    )
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", kept(tmp_path / "s"))

    answer = FrontDoor(monkeypatch, capsys)("doctor")

    assert 1 == answer.code
    assert 1 == answer.out.count("CERTDESK_DATABASE_PASSWORD_COMMAND: ")
    assert "SLACK_BOT_TOKEN" not in answer.out
    assert "hush" not in answer.out + answer.err

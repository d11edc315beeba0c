"""The environment: read once, every fault at once, no secret printed."""

import sys
from pathlib import Path

import pytest

from bot.settings import BadSettings, Settings, load_settings, secret_from

TOKENS = {
    "SLACK_BOT_TOKEN": "xoxb-1-hush",
    "SLACK_APP_TOKEN": "xapp-1-hush",
    "SLACK_SIGNING_SECRET": "hush-signing",
    "CERTDESK_VAULT_KEY": "aHVzaC1vbmUtaHVzaC1vbmUtaHVzaC1vbmUtaHVzaC0=, aHVzaC10d28taHVzaC10d28taHVzaC10d28taHVzaC0=",
    "CERTDESK_DATABASE_URL": "postgresql+psycopg://certdesk:hush@db/certdesk",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and an environment without a word about CertDesk."""
    import os

    for name in list(os.environ):
        if name.startswith(("CERTDESK_", "SLACK_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """The settings under this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def faults(monkeypatch: pytest.MonkeyPatch, **environment: str) -> tuple[str, ...]:
    """What is wrong with this environment."""
    with pytest.raises(BadSettings) as raised:
        given(monkeypatch, **environment)
    return raised.value.faults


def test_every_fault_is_told_at_once_by_the_name_of_its_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five mistakes are five sentences, and no value is repeated."""
    told = faults(
        monkeypatch,
        CERTDESK_HTTP_PORT="hush",
        CERTDESK_MODE="hush",
        CERTDESK_TRIES="0",
        SLACK_API_URL="https://hush.example.com/api/",
        CERTDESK_CLOCK_OFFSET_S="60",
    )

    assert [
        "CERTDESK_CLOCK_OFFSET_S", "CERTDESK_HTTP_PORT", "CERTDESK_MODE", "CERTDESK_TRIES", "SLACK_API_URL",
    ] == sorted(line.split(":")[0] for line in told)  # fmt: skip
    assert "hush" not in "\n".join(told)


def test_the_bot_token_goes_to_slack_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another address is refused in the real world, also when the world is not named or misspelt."""
    for world in ({}, {"CERTDESK_WORLD": "real"}, {"CERTDESK_WORLD": "Sandbox"}):
        told = faults(monkeypatch, SLACK_API_URL="http://127.0.0.1:3000/api/", **world)
        assert any("would be sent to another server than Slack" in line for line in told)


def test_in_the_sandbox_both_may_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy world has its own Slack and its own calendar."""
    settings = given(
        monkeypatch,
        CERTDESK_WORLD="sandbox",
        SLACK_API_URL="http://127.0.0.1:3000/api/",
        CERTDESK_CLOCK_OFFSET_S="-60",
    )

    assert ("http://127.0.0.1:3000/api/", -60.0) == (
        settings.slack_api_url,
        settings.clock_offset_s,
    )


def test_slack_s_own_address_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the default, so saying it is no fault."""
    url = "https://slack.com/api/"

    assert url == given(monkeypatch, SLACK_API_URL=url).slack_api_url


@pytest.mark.parametrize("seconds", ["0", "-5", "59.9", "nan", "inf"])
def test_a_deadline_no_command_can_keep_is_refused(
    monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    """Below a minute nothing could be sent that is sure to be over in time; the sentence says what is a good value."""
    [told] = faults(monkeypatch, CERTDESK_COMMAND_DEADLINE_S=seconds)

    assert told.startswith("CERTDESK_COMMAND_DEADLINE_S: It is ")
    assert "must be 60 or more" in told
    assert "120 is a good value" in told


def test_the_sandbox_s_commands_may_have_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hosts answer at once; outside of it a minute is the least."""
    sandbox = {"CERTDESK_WORLD": "sandbox"}

    assert 4.0 == given(monkeypatch, CERTDESK_COMMAND_DEADLINE_S="4", **sandbox).command_deadline_s
    assert "must be 2 or more" in faults(monkeypatch, CERTDESK_COMMAND_DEADLINE_S="1", **sandbox)[0]
    monkeypatch.setenv("CERTDESK_WORLD", "real")
    assert 60.0 == given(monkeypatch, CERTDESK_COMMAND_DEADLINE_S="60").command_deadline_s


@pytest.mark.parametrize("show", [repr, str])
def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch, show: type) -> None:
    """Tokens, the vault's keys and the database's password are masked in every print of the settings."""
    shown = show(given(monkeypatch, **TOKENS))

    assert "hush" not in shown
    assert "aHVz" not in shown


def test_the_first_vault_key_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are a list, blanks and empty places do not count."""
    assert ["aHVzaC1v", "aHVzaC10"] == [k[:8] for k in given(monkeypatch, **TOKENS).vault_keys]
    assert ("a",) == given(monkeypatch, CERTDESK_VAULT_KEY=" a ,,").vault_keys
    assert () == given(monkeypatch, CERTDESK_VAULT_KEY="").vault_keys


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("socket", ["SLACK_BOT_TOKEN", "CERTDESK_VAULT_KEY", "SLACK_APP_TOKEN"]),
        ("http", ["SLACK_BOT_TOKEN", "CERTDESK_VAULT_KEY", "SLACK_SIGNING_SECRET"]),
    ],
)
def test_what_is_missing_for_running_depends_on_the_way(
    monkeypatch: pytest.MonkeyPatch, mode: str, missing: list[str]
) -> None:
    """Every missing one at once; with all of them nothing is missing."""
    empty = given(monkeypatch, CERTDESK_MODE=mode)
    assert missing == [sentence.split()[0] for sentence in empty.faults_for_running()]
    assert () == given(monkeypatch, **TOKENS).faults_for_running()


def test_a_vault_key_that_is_none_is_said_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one of the list, what is wrong with it, and nothing of it."""
    bad = given(monkeypatch, **TOKENS | {"CERTDESK_VAULT_KEY": f"hush!, {'aHVz' * 4}"})

    first, second = bad.faults_for_running()
    assert first.startswith("CERTDESK_VAULT_KEY: number 1 of 2 cannot be used, a vault key is not")
    assert "number 2 of 2 cannot be used, a vault key holds 12 bytes instead of 32" in second
    assert "hush" not in first + second
    assert "aHVz" not in first + second


def test_hosts_that_may_get_local_keys_need_a_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says whose keys could not be kept."""
    [told] = given(monkeypatch, **TOKENS | {"CERTDESK_VAULT_KEY": " "}).faults_for_running(["EX01"])

    assert "CERTDESK_VAULT_KEY is empty, and EX01 may get keys made by CertDesk" in told


def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A `.env` in the folder is read too."""
    (tmp_path / ".env").write_text("CERTDESK_TRIES=3\nCERTDESK_HTTP_PORT=1\nPATH_OF_SOMEBODY=x\n")

    settings = given(monkeypatch, CERTDESK_HTTP_PORT="2")

    assert (3, 2) == (settings.tries, settings.http_port)


def test_the_example_file_is_good_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A copy of it starts with nothing but what has to be filled in."""
    example = Path(__file__).parents[2] / ".env.example"
    (tmp_path / ".env").write_text(example.read_text(encoding="utf-8"), encoding="utf-8")

    assert Settings().model_dump() == Settings(_env_file=None).model_dump()  # type: ignore[call-arg]  # an argument of the library's


def test_a_secret_comes_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment first; the line's end of a file is no part of the password, blanks are."""
    path = tmp_path / "secret"
    path.write_text(" pa ss \r\n", encoding="utf-8")

    assert " pa ss " == secret_from("EX01_PASSWORD", str(path))
    monkeypatch.setenv("EX01_PASSWORD", "other")
    assert "other" == secret_from("EX01_PASSWORD", str(path))


def test_a_secret_comes_from_a_program_when_nothing_else_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And a program that has none is a sentence of the settings."""
    program = (sys.executable, "-c", "print('from a program')")

    assert "from a program" == secret_from("EX01_PASSWORD", "", program)
    with pytest.raises(BadSettings, match=r"could not be had: .* ended with code 4"):
        secret_from("", "", (sys.executable, "-c", "raise SystemExit(4)"))
    monkeypatch.setenv("EX01_PASSWORD", "from the environment")
    assert "from the environment" == secret_from("EX01_PASSWORD", "", program)


@pytest.mark.parametrize("case", ["nothing", "no file", "no text", "an empty file"])
def test_a_secret_that_is_missing_is_said_by_its_name(case: str, tmp_path: Path) -> None:
    """Where it was looked for, and why it is not there; never what is in a file."""
    path = tmp_path / "secret"
    if case == "no text":
        path.write_bytes(b"\xff\xfehush")
    if case == "an empty file":
        path.write_bytes(b"\r\n")
    file = "" if case == "nothing" else str(path)

    with pytest.raises(BadSettings) as raised:
        secret_from("EX01_PASSWORD", file)

    assert ("EX01_PASSWORD" if case == "nothing" else str(path)) in str(raised.value)
    assert "hush" not in str(raised.value)

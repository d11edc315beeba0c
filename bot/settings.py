"""
Settings: what the environment says, read once, every fault told at once, secrets masked.

What describes the site (hosts, people, vendors, policy) stands in a file of its own, read by
`bot/site_file.py`. Each setting is explained in `.env.example`; a test compares the two.
"""

import json
import math
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.system.checkpoint_places import place_for
from bot.system.checkpoints import CheckpointTrouble, load_key
from bot.system.secret_command import NoSecret, secret_of
from bot.system.secret_sources import SecretSource, password_variables
from bot.system.vault import AesVault

SLACK_API_URL = "https://slack.com/api/"


SHORTEST_DEADLINE_S = 60.0
SHORTEST_SANDBOX_DEADLINE_S = 2.0
"""A command's deadline pays for the way there, the command and its end; the sandbox's hosts answer at once."""


class BadSettings(Exception):
    """The settings cannot be used; one sentence a fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


Argv = Annotated[tuple[str, ...], NoDecode]
_SECRETS: Final = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "vault_key",
    "database_password",
)
_SOURCES: Final = tuple(f"{secret}{kind}" for secret in _SECRETS for kind in ("_file", "_command"))
_ADDRESS: Final = re.compile(
    r"(?P<scheme>[\w+]+://)(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?(?P<rest>.*)", re.DOTALL
)
"""As the database's library reads it, up to where the password ends."""


class _Underneath(DotEnvSettingsSource):
    """The `.env` file: where the environment has a secret, the file's other sources of that secret do not count."""

    def __call__(self) -> dict[str, Any]:
        """What the file says, without what the environment overrules."""
        above = {_secret_in(name) for name, given in self.current_state.items() if given}
        return {
            name: given
            for name, given in super().__call__().items()
            if not (found := _secret_in(name)) or found not in above
        }


class Settings(BaseSettings):
    """The environment. Names are those of `.env.example`; a `.env` file in the folder is read too."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    # First: what is allowed further down depends on it.
    world: Literal["real", "sandbox"] = Field(default="real", alias="CERTDESK_WORLD")
    slack_bot_token: SecretStr = Field(default=SecretStr(""), alias="SLACK_BOT_TOKEN")
    slack_bot_token_file: str = Field(default="", alias="SLACK_BOT_TOKEN_FILE")
    slack_bot_token_command: Argv = Field(default=(), alias="SLACK_BOT_TOKEN_COMMAND", repr=False)
    slack_app_token: SecretStr = Field(default=SecretStr(""), alias="SLACK_APP_TOKEN")
    slack_app_token_file: str = Field(default="", alias="SLACK_APP_TOKEN_FILE")
    slack_app_token_command: Argv = Field(default=(), alias="SLACK_APP_TOKEN_COMMAND", repr=False)
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), alias="SLACK_SIGNING_SECRET")
    slack_signing_secret_file: str = Field(default="", alias="SLACK_SIGNING_SECRET_FILE")
    slack_signing_secret_command: Argv = Field(
        default=(), alias="SLACK_SIGNING_SECRET_COMMAND", repr=False
    )
    slack_api_url: str = Field(default=SLACK_API_URL, alias="SLACK_API_URL")
    mode: Literal["socket", "http"] = Field(default="socket", alias="CERTDESK_MODE")
    http_host: str = Field(default="127.0.0.1", alias="CERTDESK_HTTP_HOST")
    http_port: int = Field(default=8080, ge=0, le=65535, alias="CERTDESK_HTTP_PORT")
    # May hold a password, so it is never printed.
    database_url: str = Field(
        default="sqlite:///var/certdesk.db", alias="CERTDESK_DATABASE_URL", repr=False
    )
    database_password: SecretStr = Field(default=SecretStr(""), alias="CERTDESK_DATABASE_PASSWORD")
    database_password_file: str = Field(default="", alias="CERTDESK_DATABASE_PASSWORD_FILE")
    database_password_command: Argv = Field(
        default=(), alias="CERTDESK_DATABASE_PASSWORD_COMMAND", repr=False
    )
    config: Path = Field(default=Path("certdesk.toml"), alias="CERTDESK_CONFIG")
    vault_key: SecretStr = Field(default=SecretStr(""), alias="CERTDESK_VAULT_KEY")
    vault_key_file: str = Field(default="", alias="CERTDESK_VAULT_KEY_FILE")
    vault_key_command: Argv = Field(default=(), alias="CERTDESK_VAULT_KEY_COMMAND", repr=False)
    command_deadline_s: float = Field(default=120.0, alias="CERTDESK_COMMAND_DEADLINE_S")
    tries: int = Field(default=6, ge=1, le=50, alias="CERTDESK_TRIES")
    watch_cron: str = Field(default="0 7 * * *", alias="CERTDESK_WATCH_CRON")
    executor_id: str = Field(default="certdesk-1", alias="CERTDESK_EXECUTOR_ID")
    checkpoint_key_file: Path | None = Field(default=None, alias="CERTDESK_CHECKPOINT_KEY_FILE")
    checkpoint_to: str = Field(default="", alias="CERTDESK_CHECKPOINT_TO")
    clock_offset_s: float = Field(default=0.0, alias="CERTDESK_CLOCK_OFFSET_S")
    _read: dict[str, str | NoSecret] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, and `.env` underneath it."""
        if isinstance(dotenv_settings, DotEnvSettingsSource):
            dotenv_settings = _Underneath(settings_cls, dotenv_settings.env_file)
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    @field_validator(*(name for name in _SOURCES if name.endswith("_command")), mode="before")
    @classmethod
    def _program_is_a_list(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        try:
            argv = json.loads(given) if given.strip() else []
        except ValueError:
            argv = None
        if not isinstance(argv, list) or not all(isinstance(one, str) for one in argv):
            raise ValueError(
                'It must be a list, the program first, as in ["pass", "show", "certdesk"]; no shell reads it.'
            )
        if argv and not argv[0]:
            raise ValueError("The program's name is empty.")
        return tuple(argv)

    @field_validator("database_password", *_SOURCES)
    @classmethod
    def _one_source_alone(cls, given: object, told: ValidationInfo) -> object:
        field = str(told.field_name)
        secret = _secret_in(field)
        before = [name for name in (secret, f"{secret}_file") if told.data.get(name)]
        twice = [cls.model_fields[name].alias for name in before if name != field]
        if given and twice:
            raise ValueError(f"It is set, and so is {twice[0]}. Keep one of them, empty the other.")
        address = told.data.get("database_url")
        if given and secret == "database_password" and address is not None:
            _check_takes_password(address)
        return given

    @field_validator("slack_api_url")
    @classmethod
    def _only_the_sandbox_talks_elsewhere(cls, url: str, told: ValidationInfo) -> str:
        if told.data.get("world") != "sandbox" and url != SLACK_API_URL:
            raise ValueError(
                "It is set and CERTDESK_WORLD is not sandbox: the bot token would be sent to another server "
                "than Slack. Remove it."
            )
        return url

    @field_validator("command_deadline_s")
    @classmethod
    def _long_enough_for_a_command(cls, deadline_s: float, told: ValidationInfo) -> float:
        is_sandbox = told.data.get("world") == "sandbox"
        least = SHORTEST_SANDBOX_DEADLINE_S if is_sandbox else SHORTEST_DEADLINE_S
        if not least <= deadline_s < math.inf:
            raise ValueError(
                f"It is {deadline_s:g} and must be {least:g} or more: within it a command has to reach its host, run and, "
                f"if it hangs, be ended there. 120 is a good value; it is also what a kill may cost in waiting."
            )
        return deadline_s

    @field_validator("clock_offset_s")
    @classmethod
    def _only_the_sandbox_moves_its_calendar(cls, offset_s: float, told: ValidationInfo) -> float:
        if told.data.get("world") != "sandbox" and offset_s:
            raise ValueError("It moves the sandbox's calendar only. Remove it.")
        return offset_s

    @property
    def bot_token(self) -> str:
        """The bot token of the Slack app, from wherever it stands. Raises `BadSettings`."""
        return self._secret("slack_bot_token")

    @property
    def app_token(self) -> str:
        """The app-level token, from wherever it stands. Raises `BadSettings`."""
        return self._secret("slack_app_token")

    @property
    def signing_secret(self) -> str:
        """The signing secret, from wherever it stands. Raises `BadSettings`."""
        return self._secret("slack_signing_secret")

    @property
    def database_address(self) -> str:
        """Where the database is, with its password if one stands apart; never to be printed. Raises `BadSettings`."""
        password = self._secret("database_password")
        parts = _ADDRESS.fullmatch(self.database_url)
        if not password or parts is None:
            return self.database_url
        return f"{parts['scheme']}{parts['user'] or ''}:{quote(password, safe='')}@{parts['rest']}"

    @property
    def vault_keys(self) -> tuple[str, ...]:
        """The vault's keys, the sealing one first. Raises `BadSettings`."""
        return tuple(k.strip() for k in self._secret("vault_key").split(",") if k.strip())

    @property
    def hidden_variables(self) -> frozenset[str]:
        """Environment variables with hosts' passwords, which no program that hands out a secret needs to see."""
        return password_variables(self.config)

    def faults_of_vault(self, local_key_hosts: Sequence[str] = ()) -> tuple[str, ...]:
        """
        What is wrong with the vault's keys, a sentence each; no key is repeated.

        Args:
            local_key_hosts: hosts for which CertDesk may make keys, which it can only keep sealed.
        """
        try:
            keys = self.vault_keys
        except BadSettings as bad:
            return bad.faults
        if not keys:
            who = f", and {', '.join(local_key_hosts)} may get keys made by CertDesk"
            empty = f"CERTDESK_VAULT_KEY is empty{who if local_key_hosts else ''}"
            return (f"{empty}: make one with `certdesk vault-key`.",)
        return tuple(
            f"CERTDESK_VAULT_KEY: number {number} of {len(keys)} cannot be used, {fault}. Make one "
            f"with `certdesk vault-key`."
            for number, fault in enumerate(map(_fault_of_key, keys), start=1)
            if fault
        )

    def faults_for_running(self, local_key_hosts: Sequence[str] = ()) -> tuple[str, ...]:
        """What is missing before the bot can run; a sentence each."""
        bot_token = "SLACK_BOT_TOKEN is empty: it is the xoxb- token of the Slack app."
        app_token = "SLACK_APP_TOKEN is empty: Socket Mode needs the xapp- token."
        signing = (
            "SLACK_SIGNING_SECRET is empty: HTTP mode cannot tell Slack from a stranger without it."
        )
        is_http = self.mode == "http"
        return (
            *self._missing("slack_bot_token", bot_token),
            *self.faults_of_vault(local_key_hosts),
            *(() if is_http else self._missing("slack_app_token", app_token)),
            # Read for either door, needed for one.
            *self._missing("slack_signing_secret", signing if is_http else ""),
            *self._missing("database_password", ""),
            *self.faults_of_checkpoints(),
        )

    def faults_of_checkpoints(self, *, wanted: bool = False) -> tuple[str, ...]:
        """What is wrong with where and how checkpoints of the audit are written; nothing when none are wanted."""
        if not self.checkpoint_to and not self.checkpoint_key_file and not wanted:
            return ()
        try:
            place_for(self.checkpoint_to)
            load_key(self.checkpoint_key_file or Path())
        except CheckpointTrouble as trouble:
            return (str(trouble),)
        return ()

    def _secret(self, name: str) -> str:
        """
        A secret from its source, which is asked once: a program may be slow, and its answer is not to change on the way.

        Raises:
            BadSettings: the source that is named has none.
        """
        if name not in self._read:
            self._read[name] = self._ask(name)
        known = self._read[name]
        if isinstance(known, NoSecret):
            raise BadSettings((str(known),))
        return known

    def _ask(self, name: str) -> str | NoSecret:
        value: SecretStr = getattr(self, name)
        source = SecretSource(
            name=str(type(self).model_fields[name].alias),
            value=value.get_secret_value(),
            file=getattr(self, f"{name}_file"),
            command=getattr(self, f"{name}_command"),
        )
        try:
            return source.read(hidden=self.hidden_variables)
        except NoSecret as none:
            return none

    def _missing(self, name: str, sentence: str) -> tuple[str, ...]:
        try:
            return () if self._secret(name) or not sentence else (sentence,)
        except BadSettings as bad:
            return bad.faults


def load_settings() -> Settings:
    """
    Read the environment.

    Raises:
        BadSettings: with a sentence for each fault, not only the first.
    """
    try:
        return Settings()
    except ValidationError as err:
        raise BadSettings(tuple(_sentence(fault) for fault in err.errors())) from None


def secret_from(
    env: str, file: str, command: Sequence[str] = (), *, hidden: Collection[str] = ()
) -> str:
    """
    Read a host's secret from an environment variable, a file or a program, in this order; the caller keeps it for one call only.

    Args:
        hidden: environment variables with secrets of others, which the program must not see.

    Raises:
        BadSettings: none of them holds anything.
    """
    if env and os.environ.get(env):
        return os.environ[env]
    if file:
        try:
            held = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as err:
            raise BadSettings(
                (f"The secret file {file} cannot be read: {err.strerror}.",)
            ) from None
        except UnicodeDecodeError:
            raise BadSettings((f"The secret file {file} is not UTF-8 text.",)) from None
        if held:
            return held
        raise BadSettings((f"The secret file {file} is empty.",))
    if command:
        try:
            return secret_of(command, hidden={env, *hidden})
        except NoSecret as none:
            raise BadSettings((f"The secret could not be had: {none}",)) from None
    raise BadSettings(
        (f"The secret {env or '(unnamed)'} is not set, and no file or command is named for it.",)
    )


def _secret_in(name: str) -> str:
    """Which secret a field, or the setting it is read from, is a source of; empty when of none."""
    plain = name.lower().removeprefix("certdesk_")
    bare = plain.removesuffix("_file").removesuffix("_command")
    return bare if bare in _SECRETS else ""


def _check_takes_password(address: str) -> None:
    parts = _ADDRESS.fullmatch(address)
    if address.startswith("sqlite"):
        raise ValueError(
            "It is set, and CERTDESK_DATABASE_URL names SQLite, which has no password. Empty it."
        )
    if parts is not None and (parts["password"] or re.search(r"[?&]password=", parts["rest"])):
        raise ValueError(
            "It is set, and CERTDESK_DATABASE_URL holds a password too. Keep one of them, take out the other."
        )


def _fault_of_key(key: str) -> str:
    try:
        AesVault((key,))
    except ValueError as bad:
        return str(bad)
    return ""


def _sentence(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}".removeprefix(": ").replace("Value error, ", "")

"""
Settings: what the environment says, read once, every fault told at once, secrets masked.

What describes the site (hosts, people, vendors, policy) stands in a file of its own, read by
`bot/site_file.py`. Each setting is explained in `.env.example`; a test compares the two.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.system.checkpoint_places import place_for
from bot.system.checkpoints import CheckpointTrouble, load_key
from bot.system.secret_command import NoSecret, secret_of
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


class Settings(BaseSettings):
    """The environment. Names are those of `.env.example`; a `.env` file in the folder is read too."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", populate_by_name=True)

    # First: what is allowed further down depends on it.
    world: Literal["real", "sandbox"] = Field(default="real", alias="CERTDESK_WORLD")
    slack_bot_token: SecretStr = Field(default=SecretStr(""), alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr = Field(default=SecretStr(""), alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), alias="SLACK_SIGNING_SECRET")
    slack_api_url: str = Field(default=SLACK_API_URL, alias="SLACK_API_URL")
    mode: Literal["socket", "http"] = Field(default="socket", alias="CERTDESK_MODE")
    http_host: str = Field(default="127.0.0.1", alias="CERTDESK_HTTP_HOST")
    http_port: int = Field(default=8080, ge=0, le=65535, alias="CERTDESK_HTTP_PORT")
    # May hold a password, so it is never printed.
    database_url: str = Field(
        default="sqlite:///var/certdesk.db", alias="CERTDESK_DATABASE_URL", repr=False
    )
    config: Path = Field(default=Path("certdesk.toml"), alias="CERTDESK_CONFIG")
    vault_key: SecretStr = Field(default=SecretStr(""), alias="CERTDESK_VAULT_KEY")
    command_deadline_s: float = Field(default=120.0, alias="CERTDESK_COMMAND_DEADLINE_S")
    tries: int = Field(default=6, ge=1, le=50, alias="CERTDESK_TRIES")
    watch_cron: str = Field(default="0 7 * * *", alias="CERTDESK_WATCH_CRON")
    executor_id: str = Field(default="certdesk-1", alias="CERTDESK_EXECUTOR_ID")
    checkpoint_key_file: Path | None = Field(default=None, alias="CERTDESK_CHECKPOINT_KEY_FILE")
    checkpoint_to: str = Field(default="", alias="CERTDESK_CHECKPOINT_TO")
    clock_offset_s: float = Field(default=0.0, alias="CERTDESK_CLOCK_OFFSET_S")

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
    def vault_keys(self) -> tuple[str, ...]:
        """The vault's keys, the sealing one first."""
        return tuple(k.strip() for k in self.vault_key.get_secret_value().split(",") if k.strip())

    def faults_of_vault(self, local_key_hosts: Sequence[str] = ()) -> tuple[str, ...]:
        """
        What is wrong with the vault's keys, a sentence each; no key is repeated.

        Args:
            local_key_hosts: hosts for which CertDesk may make keys, which it can only keep sealed.
        """
        keys = self.vault_keys
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
        door = (
            (self.slack_app_token, app_token)
            if self.mode == "socket"
            else (self.slack_signing_secret, signing)
        )
        return (
            *_missing(self.slack_bot_token, bot_token),
            *self.faults_of_vault(local_key_hosts),
            *_missing(*door),
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


def secret_from(env: str, file: str, command: Sequence[str] = ()) -> str:
    """
    Read a secret from an environment variable, a file or a program, in this order; the caller keeps it for one call only.

    Raises:
        BadSettings: none of them holds anything.
    """
    if env and os.environ.get(env):
        return os.environ[env]
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as err:
            raise BadSettings(
                (f"The secret file {file} cannot be read: {err.strerror}.",)
            ) from None
        except UnicodeDecodeError:
            raise BadSettings((f"The secret file {file} is not UTF-8 text.",)) from None
    if command:
        try:
            return secret_of(command)
        except NoSecret as none:
            raise BadSettings((f"The secret could not be had: {none}",)) from None
    raise BadSettings(
        (f"The secret {env or '(unnamed)'} is not set, and no file or command is named for it.",)
    )


def _missing(value: SecretStr, sentence: str) -> tuple[str, ...]:
    return () if value.get_secret_value() else (sentence,)


def _fault_of_key(key: str) -> str:
    try:
        AesVault((key,))
    except ValueError as bad:
        return str(bad)
    return ""


def _sentence(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}".removeprefix(": ").replace("Value error, ", "")

"""
Settings: what the environment says, read once, every fault told at once, secrets masked.

What describes the site (hosts, people, vendors, policy) stands in a file of its own, read by
`bot/site_file.py`. Each setting is explained in `.env.example`; a test compares the two.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

SLACK_API_URL = "https://slack.com/api/"


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
    command_deadline_s: float = Field(default=120.0, gt=0, alias="CERTDESK_COMMAND_DEADLINE_S")
    tries: int = Field(default=6, ge=1, le=50, alias="CERTDESK_TRIES")
    watch_cron: str = Field(default="0 7 * * *", alias="CERTDESK_WATCH_CRON")
    executor_id: str = Field(default="certdesk-1", alias="CERTDESK_EXECUTOR_ID")
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

    def faults_for_running(self) -> tuple[str, ...]:
        """What is missing before the bot can run; a sentence each."""
        needed = [
            (
                self.slack_bot_token,
                "SLACK_BOT_TOKEN is empty: it is the xoxb- token of the Slack app.",
            ),
            (self.vault_key, "CERTDESK_VAULT_KEY is empty: make one with `certdesk vault-key`."),
        ]
        if self.mode == "socket":
            needed.append(
                (
                    self.slack_app_token,
                    "SLACK_APP_TOKEN is empty: Socket Mode needs the xapp- token.",
                )
            )
        else:
            needed.append(
                (
                    self.slack_signing_secret,
                    "SLACK_SIGNING_SECRET is empty: HTTP mode cannot tell Slack from a stranger without it.",
                )
            )
        return tuple(sentence for value, sentence in needed if not value.get_secret_value())


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


def secret_from(env: str, file: str) -> str:
    """
    Read a secret from an environment variable or a file; the caller keeps it for one call only.

    Raises:
        BadSettings: neither holds anything.
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
    raise BadSettings((f"The secret {env or '(unnamed)'} is not set and no file is named for it.",))


def _sentence(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}".removeprefix(": ").replace("Value error, ", "")

"""The only reader of the environment. Every key starts with MIDWATCH_; an unknown MIDWATCH_ key is refused."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import BadSettings


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MIDWATCH_", extra="forbid", frozen=True)

    home: Path = Path("var")  # where the embedded database, span store and index live
    database_url: str | None = None  # None = SQLite below `home`; or postgresql://user:password@host/name
    host: str = "127.0.0.1"
    port: int = 8787
    playbooks: Path = Path("playbooks")
    runbooks: Path = Path("runbooks")

    slack_bot_token: SecretStr | None = None  # xoxb-...
    slack_signing_secret: SecretStr | None = None  # HTTP mode
    slack_app_token: SecretStr | None = None  # xapp-..., switches Socket Mode on
    slack_channel: str = "#incidents"
    slack_drill_channel: str | None = None  # drills have a channel of their own; None = no drills in Slack
    slack_page_apps: str | None = None  # comma-separated ids of apps or bots (A..., B...) whose messages in Slack are pages
    slack_page_channels: str | None = None  # comma-separated ids of channels (C...) to watch; None = wherever the app is a member
    slack_user_groups: bool = False  # runbooks kept to groups are for Slack's user groups of that handle; needs usergroups:read
    slack_streaming: bool = False  # answers to questions appear part by part, where the workspace has agents
    slack_api_url: str = "https://slack.com/api/"

    hook_tokens: SecretStr | None = None  # comma-separated bearer tokens for unsigned sources; None = loopback only
    pagerduty_secrets: SecretStr | None = None  # comma-separated, so that they can be rotated
    grafana_secrets: SecretStr | None = None
    source_secrets: SecretStr | None = None  # JSON: {"sentry": "a secret", "github": ["new", "old"]}; a source named here must sign
    source_tokens: SecretStr | None = None  # JSON likewise: tokens of one source alone, in place of hook_tokens
    sns_topics: str | None = None  # comma-separated ARNs; with them CloudWatch pages over SNS must be signed (version 2)
    hook_rate: int = 200  # deliveries a second of one source that are taken, ten times as many at once; more are told to come again
    audit_retention_days: int = 400  # how long the audit log goes back; a year and a month
    otlp_token: SecretStr | None = None  # bearer token for /v1/traces; None = loopback only
    own_spans_url: str | None = None  # where spans of Midwatch's own work go, http://collector:4318/v1/traces; None = they are not made
    own_spans_token: SecretStr | None = None  # bearer token for it

    grouping: Literal["on", "shadow", "off"] = "on"  # alerts of different sources in one incident; shadow only logs what it would group
    reopen_minutes: int = Field(default=30, ge=0)  # an alert that comes back within this time is the same incident
    storm_incidents: int = Field(default=10, ge=0)  # opened within a minute, above which the next ones share one message; 0 = never

    console_tokens: SecretStr | None = None  # comma-separated passwords for the console; None = this machine only
    worker: str | None = None  # this worker's name, the same after a restart; None = one kept below `home`

    prometheus_url: str | None = None  # any Prometheus-compatible HTTP API
    spans_url: SecretStr | None = None  # None = own store below `home`, filled over OTLP; or clickhouse+, phoenix+, langfuse+http(s)://...
    span_retention_hours: int = 72
    body_limit_bytes: int = 2 * 1024 * 1024  # pages and changes; OTLP has its own
    otlp_limit_bytes: int = 32 * 1024 * 1024
    embedder: str = "auto"  # auto | local | lexical | an http(s) URL of an OpenAI-compatible /v1/embeddings
    embedder_model: str = "text-embedding-3-small"  # what that URL is asked for
    embedder_key: SecretStr | None = None  # bearer token for it

    narrator_url: str | None = None  # an OpenAI-compatible /v1/chat/completions that words findings; None = templates alone
    narrator_model: str = "gpt-4o-mini"  # what that URL is asked for
    narrator_key: SecretStr | None = None  # bearer token for it
    narrator_seconds: float = Field(default=8.0, gt=0, le=60)  # for a whole answer; the template stands meanwhile
    narrator_tokens: int = Field(default=600, ge=100, le=20_000)  # of one completion
    narrator_tokens_per_day: int = Field(default=200_000, ge=0)  # of one worker, prompts included; then templates until midnight UTC

    pagerduty_token: SecretStr | None = None  # rotations: a read-only REST API key
    opsgenie_token: SecretStr | None = None  # rotations: an API key that may read configuration
    grafana_token: SecretStr | None = None  # rotations: an API key of Grafana OnCall

    @property
    def rotation_tokens(self) -> dict[str, str]:
        """Kind of a rotation's source -> its token; those that are set."""
        found = {"pagerduty": self.pagerduty_token, "opsgenie": self.opsgenie_token, "grafana": self.grafana_token}
        return {kind: token.get_secret_value() for kind, token in found.items() if token is not None}

    @property
    def sqlalchemy_url(self) -> str:
        """For the async engine."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.home / 'midwatch.db'}"
        return self.database_url.replace("postgresql://", "postgresql+asyncpg://", 1)


def load() -> Settings:
    """Read the environment; BadSettings names the key."""
    known = {f"MIDWATCH_{name.upper()}" for name in Settings.model_fields}
    for key in sorted(os.environ):
        if key.startswith("MIDWATCH_") and key not in known:
            raise BadSettings("unknown setting", place=key)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(first["msg"], place=f"MIDWATCH_{str(first['loc'][0]).upper()}") from None


def secrets(value: SecretStr | None) -> tuple[str, ...]:
    """A comma-separated secret -> its parts; empty when unset."""
    return tuple(part.strip() for part in value.get_secret_value().split(",") if part.strip()) if value else ()


def names(value: str | None) -> tuple[str, ...]:
    """Comma-separated -> its parts; empty when unset."""
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())


def named_secrets(value: SecretStr | None, place: str, known: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """A JSON object of secrets by source -> its parts; empty when unset. BadSettings names the source, never a secret."""
    if value is None:
        return {}
    try:
        read = json.loads(value.get_secret_value())
    except ValueError:
        raise BadSettings('must be JSON: {"source": "secret"} or {"source": ["new", "old"]}', place=place) from None
    if not isinstance(read, dict):
        raise BadSettings("must be a JSON object of secrets by source", place=place)
    found: dict[str, tuple[str, ...]] = {}
    for name, said in read.items():
        several = said if isinstance(said, list) else [said]
        if name not in known:
            raise BadSettings(f"unknown source {name[:40]!r}; there are {', '.join(sorted(known))}", place=place)
        if not several or not all(isinstance(one, str) and one.strip() for one in several):
            raise BadSettings(f"{name}: a secret, or a list of secrets, none of them empty", place=place)
        found[name] = tuple(one.strip() for one in several)
    return found


def runbook_folder() -> Path | None:
    """The runbooks that came with Midwatch, wherever the command is called from; None where they were not installed."""
    beside = Path(__file__).resolve().parent.parent / "runbooks"
    return beside if beside.is_dir() else None


def drill_folder() -> Path | None:
    """The drills that came with Midwatch, likewise."""
    beside = Path(__file__).resolve().parent.parent / "playbooks" / "drills"
    return beside if beside.is_dir() else None

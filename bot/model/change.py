"""A change event: something somebody (or a job) altered in production."""

from enum import StrEnum

from pydantic import Field

from bot.model.value import Moment, Value


class ChangeKind(StrEnum):
    PROMPT = "prompt"
    MODEL = "model"
    CONFIG = "config"
    INDEX = "index"
    TOOL = "tool"
    GUARDRAIL = "guardrail"
    JUDGE = "judge"
    APP = "app"
    INFRA = "infra"
    FLAG = "flag"
    OTEL = "otel"
    DATA = "data"


class ChangeScope(Value):
    """Where the change applied; a field that is None was not stated, which is not the same as everywhere."""

    service: str | None = None
    route: str | None = None
    region: str | None = None
    tenant_share: float | None = None


class Rollout(Value):
    start: Moment | None = None
    end: Moment | None = None
    share: float | None = None


class Change(Value):
    id: str
    time: Moment
    kind: ChangeKind
    object: str
    before: str | None = Field(default=None, alias="from")
    after: str | None = Field(default=None, alias="to")
    scope: ChangeScope = ChangeScope()
    rollout: Rollout | None = None
    author: str | None = None
    link: str | None = None

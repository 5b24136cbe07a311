"""A page: one alert as an alerting system told it, in our words. Every text in it is data from a stranger."""

from enum import StrEnum

from bot.model.value import Moment, Value


class Status(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    UNKNOWN = "unknown"  # kept rather than invented when the vendor states none


class Link(Value):
    label: str
    url: str


class Claimed(Value):
    """What the page says was measured, e.g. metric "error rate", value 12.0, unit "%"."""

    metric: str | None = None
    value: float | None = None
    unit: str | None = None


class Page(Value):
    """The keys are those of contract.md section 3 (`midwatch page parse`)."""

    source: str
    dedup_key: str  # the same for firing and resolved of one incident
    title: str
    description: str = ""
    status: Status
    severity: Severity = Severity.UNKNOWN
    service: str | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    labels: dict[str, str] = {}
    links: tuple[Link, ...] = ()
    claimed: Claimed = Claimed()

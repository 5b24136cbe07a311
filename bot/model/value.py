"""The two parents of every value: frozen, strict about unknown keys, RFC 3339 in UTC when written."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer


def _in_utc(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC: that is what every alerting system that omits it means."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-03-02T02:07:00Z`; fractions of a second only where there are any."""
    text = _in_utc(moment).isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def moment(seconds: float) -> datetime:
    """Epoch seconds -> aware UTC time."""
    return datetime.fromtimestamp(seconds, tz=UTC)


Moment = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Value(BaseModel):
    """A frozen value; an unknown key is an error, so that a misspelt field is never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Limits(BaseModel):
    """The limits of one check: every field has a default and a reason on its line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

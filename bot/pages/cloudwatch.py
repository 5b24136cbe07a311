"""CloudWatch alarms: through SNS (the envelope, or raw message delivery), or as an EventBridge event.

A subscription's confirmation is no page; nothing is fetched here. SNS can send HTTP Basic, whose password is the token.
INSUFFICIENT_DATA keeps firing: not knowing is not recovery.
"""

import re

from bot.errors import BadPage
from bot.model.page import Claimed, Page, Status
from bot.pages.reading import claims, keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part, read
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_POINT = re.compile(r"datapoints? \[(-?\d{1,15}(?:\.\d{1,12})?(?:E-?\d{1,2})?)")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,2}-\d")
_UNITS = {"Percent": "%", "Milliseconds": "ms", "Seconds": "s", "Count": ""}


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    if body.text("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        return ()
    if body.has("detail-type"):
        return _event(body)
    told = _message(body) if body.has("Message") else body
    return _event(told) if told.has("detail-type") else (_alarm(told, body),)


def _message(body: Part) -> Part:
    """SNS carries the alarm as JSON in a text; something else that was published there is a title and a text."""
    if body.is_object("Message"):
        return body.part("Message")
    words = body.value.get("Message")
    if isinstance(words, str) and words.lstrip().startswith("{"):
        try:
            return read(words.encode("utf-8", "surrogatepass"), body.file)
        except BadPage as error:
            raise body.wrong(str(error), "Message") from None
    return body


def _alarm(alarm: Part, envelope: Part) -> Page:
    trigger = alarm.part("Trigger")
    name = alarm.text("AlarmName") or envelope.text("Subject") or alarm.text("Message")
    if name is None:
        raise alarm.wrong("no alarm's name, no subject and no message")
    arn = alarm.text("AlarmArn") or ""
    region = arn.split(":")[3] if arn.count(":") >= 6 else ""
    labels = {
        "alarm": alarm.text("AlarmName"),
        "namespace": trigger.text("Namespace") or alarm.text("Namespace"),
        "metric": trigger.text("MetricName") or alarm.text("MetricName"),
        "account": alarm.text("AWSAccountId"),
        "region": region or alarm.text("Region"),
    }
    dimensions = trigger.labels("Dimensions")
    reason = alarm.prose("NewStateReason")
    at = alarm.time("StateChangeTime") or envelope.time("Timestamp")
    return sheet(
        "cloudwatch",
        keys.key(arn) if arn else keys.digest(*(alarm.text(part) or "" for part in ("AWSAccountId", "Region")), name),
        name,
        _status(alarm.text("NewStateValue")),
        description="\n".join(text for text in (alarm.prose("AlarmDescription"), reason, alarm.prose("Message")) if text),
        severity=severity(alarm.text("Severity", "Priority")),
        service=dimensions.get("ServiceName"),
        starts_at=at,
        ends_at=at,
        labels=dimensions | {key: value for key, value in labels.items() if value},
        links=(("alarm", _console(region, alarm.text("AlarmName"))),),
        claimed=_claimed(reason, labels["metric"], trigger.text("Unit")),
    )


def _event(body: Part) -> tuple[Page, ...]:
    """EventBridge tells of many things; only alarms that changed state are pages."""
    if body.text("detail-type") != "CloudWatch Alarm State Change":
        return ()
    detail = body.part("detail")
    state, name = detail.part("state"), detail.text("alarmName")
    arn = next(iter(body.words("resources")), "")
    if name is None:
        raise detail.wrong("no alarm's name", "alarmName")
    at = state.time("timestamp") or body.time("time")
    config = detail.part("configuration")
    return (
        sheet(
            "cloudwatch",
            keys.key(arn) if arn else keys.digest(body.text("account") or "", body.text("region") or "", name),
            name,
            _status(state.text("value")),
            description="\n".join(text for text in (config.prose("description"), state.prose("reason")) if text),
            starts_at=at,
            ends_at=at,
            labels={key: value for key in ("account", "region") if (value := body.text(key))} | {"alarm": name},
            links=(("alarm", _console(body.text("region") or "", name)),),
            claimed=_claimed(state.prose("reason"), None, None),
        ),
    )


def _status(state: str | None) -> Status:
    return Status.RESOLVED if state == "OK" else Status.FIRING


def _claimed(reason: str | None, metric: str | None, unit: str | None) -> Claimed | None:
    found = _POINT.search(reason or "")
    return claims.measured(metric, float(found[1]), _UNITS.get(unit or "", unit)) if found else None


def _console(region: str, name: str | None) -> str | None:
    if not name or not _REGION.fullmatch(region) or not re.fullmatch(r"[\w.-]{1,255}", name, re.ASCII):
        return None
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{name}"


def delivery(body: Part, headers: Headers) -> str | None:
    return body.text("MessageId") or headers.get("x-amz-sns-message-id") or (body.text("id") if body.has("detail-type") else None)


SOURCE = Source(parse, delivery=delivery)

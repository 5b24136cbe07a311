"""Grafana: unified alerting's webhook, and the legacy alert body ({ruleName, state, evalMatches}) of before version 9.

Signs with HMAC-SHA256 in X-Grafana-Alerting-Signature, over the body or, with a timestamp header configured, `<unix>:<body>`.
"""

from bot.model.page import Claimed, Page, Status
from bot.pages.reading import claims, flat, keys, prometheus
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import timed_hex_hmac
from bot.pages.reading.source import Headers, Source

TIMESTAMPS = ("x-grafana-alerting-timestamp", "x-grafana-alerting-signature-timestamp", "x-grafana-timestamp")  # its name is the operator's


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    if body.has("ruleName") or body.has("ruleId") or body.has("evalMatches"):
        return _legacy(body)
    if body.has("ruleGroup") or body.has("execErrState"):
        return _rule(body)
    if prometheus.looks_like(body):
        return prometheus.pages("grafana", body)
    return flat.pages("grafana", body, headers)


def _legacy(body: Part) -> tuple[Page, ...]:
    """`state` is alerting, ok, no_data or paused; a paused rule is nothing that happened."""
    if body.text("state") in ("paused", "pending"):
        return ()
    matches = body.parts("evalMatches")
    first = matches[0] if matches else None
    rule = body.text("ruleId", "ruleUrl")
    return (
        sheet(
            "grafana",
            keys.key(body.text("orgId"), rule) if rule else keys.digest(keys.steady(body.text("ruleName", "title") or "")),
            body.text("title", "ruleName"),
            status(body.text("state")) or Status.FIRING,
            description=body.prose("message"),
            severity=severity(body.labels("tags").get("severity")),
            labels=(first.labels("tags") if first else {}) | body.labels("tags"),
            links=(("rule", body.text("ruleUrl")), ("image", body.text("imageUrl"))),
            claimed=claims.measured(first.text("metric"), first.number("value")) if first else Claimed(),
        ),
    )


def _rule(body: Part) -> tuple[Page, ...]:
    """An alert rule as the provisioning API has it, with no status of its own: something sent it because it fired."""
    labels, notes = body.labels("labels"), body.labels("annotations")
    if not (body.text("title") or notes.get("summary")):
        raise body.wrong("a rule without a title")
    return (
        sheet(
            "grafana",
            keys.key(body.text("uid"))
            if body.has("uid")
            else keys.digest(*(body.text(key) or "" for key in ("folderUID", "ruleGroup", "title"))),
            body.text("title") or notes.get("summary"),
            status(body.text("state", "status")) or Status.FIRING,
            description=notes.get("description") or notes.get("summary"),
            severity=severity(labels.get("severity"), labels.get("priority")),
            labels=labels,
            links=(("runbook", notes.get("runbook_url")),),
        ),
    )


SOURCE = Source(parse, signature=timed_hex_hmac("x-grafana-alerting-signature", TIMESTAMPS))

"""Whether a page of one alerting system is about an incident that another one told of: PagerDuty's incident and its Alertmanager alert.

Only what both say is compared, and one contradiction outweighs every likeness: two incidents that were one cost a second look, one that
was two hides the other fault. Pure.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.incident import Alert, Incident
from bot.model.page import Page

WINDOW_S = 10 * 60  # between the two starts: group_wait, escalation delays and evaluation intervals together stay below it
HANDED_ON = "group_key_sha256"  # a label of Alertmanager's pages
TITLES = 0.5  # share of the words of both titles that they have in common
PAIRS = 2  # label pairs in common that stand for a name in common
SHORTEST_KEY = 6  # characters of a key that is looked for in the other's labels: "1" would be found everywhere

NAMES = ("alertname", "alert_name", "rule", "rulename", "rule_name", "monitor", "monitor_name")
# Labels that say where something is: if two alerts differ in one of them they are two troubles.
PLACES = (
    *("environment", "env", "region", "cluster", "namespace", "tenant", "stage", "zone", "availability_zone"),
    *("account", "account_id", "route", "model", "endpoint", "operation"),
)
# Labels that are the alerting system's own, or the same on half of all alerts.
COMMON = frozenset(
    {"severity", "priority", "level", "urgency", "team", "source", "job", "prometheus", "receiver", "client", "event_type"}
    | {"alerts_firing", "alerts_resolved", "status", "state", "owner", "origin", "type", "kind", "service", "app", "incident_number"}
)
SHORTEST_NAME = 6  # letters of an alert's name that is looked for in a title: "Down" would be found in half of them
_WORD = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SAID_BY_ALL = frozenset(
    {"firing", "resolved", "triggered", "alert", "alerts", "incident", "critical", "warning", "the", "is", "for", "on"}
)


@dataclass(frozen=True)
class Alike:
    incident: Incident
    why: str
    strength: int  # 3 = one names the other, 2 = the same name, 1 = the same labels


def most_alike(page: Page, at: datetime, others: Sequence[Incident], service_of: Callable[[Page], str | None]) -> Alike | None:
    """The strongest likeness, then the newest; None when the page looks like none of them. `others` newest first."""
    found = [alike for other in others if (alike := _alike(page, at, other, service_of)) is not None]
    return max(found, key=lambda alike: alike.strength, default=None)


def _alike(page: Page, at: datetime, other: Incident, service_of: Callable[[Page], str | None]) -> Alike | None:
    if page.source in other.sources:
        return None  # that source has its own word for this incident, and this is not it
    if _names(page, other.page) or _names(other.page, page) or _named_by_keys(page, other.grouped):
        return Alike(other, "one names the other's key", 3)
    apart = abs(((page.starts_at or at) - (other.page.starts_at or other.opened_at)).total_seconds())
    if min(apart, abs((at - other.opened_at).total_seconds())) > WINDOW_S or _contradict(page.labels, other.page.labels):
        return None
    mine, theirs = _plain(service_of(page)), _plain(service_of(other.page))
    if mine != theirs and mine and theirs:
        return None
    shared = _pairs(page.labels, other.page.labels)
    if not mine or not theirs:  # one does not say what it is about: the labels have to
        return Alike(other, f"{len(shared)} labels in common", 1) if len(shared) > PAIRS and _same_name(page, other.page) else None
    if _same_name(page, other.page):
        return Alike(other, f"service {mine} and the same name within {WINDOW_S // 60} min", 2)
    if len(shared) >= PAIRS:
        return Alike(other, f"service {mine} and {', '.join(shared[:3])} within {WINDOW_S // 60} min", 1)
    return None


def _names(one: Page, other: Page) -> bool:
    """Whether `one` carries the other's key, or the hash under which Alertmanager hands its group on to PagerDuty and Opsgenie."""
    keys = {key for key in (other.dedup_key, other.labels.get(HANDED_ON)) if key and len(key) >= SHORTEST_KEY}
    return one.dedup_key in keys or any(value in keys for value in one.labels.values())


def _named_by_keys(page: Page, grouped: Sequence[Alert]) -> bool:
    keys = {key for alert in grouped if len(key := alert.key.partition(":")[2]) >= SHORTEST_KEY}
    return page.dedup_key in keys or any(value in keys for value in page.labels.values())


def _contradict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(_plain(one[name]) != _plain(other[name]) for name in PLACES if one.get(name) and other.get(name))


def _pairs(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(one.items()) if name not in COMMON and value and other.get(name) == value]


def _same_name(one: Page, other: Page) -> bool:
    """The alert's name in both, in the other's title, or titles of mostly the same words."""
    mine, theirs = _name(one), _name(other)
    if mine and theirs:
        return _plain(mine) == _plain(theirs)
    told, heard = _words(one.title), _words(other.title)
    for name, title, words in ((mine, other.title, heard), (theirs, one.title, told)):
        if name and ((len(_words(name)) >= 2 and _words(name) <= words) or _in(name, title)):
            return True
    return bool(told and heard) and len(told & heard) >= 2 and len(told & heard) / len(told | heard) >= TITLES


def _in(name: str, title: str) -> bool:
    squashed = _plain(name).replace("-", "")
    return len(squashed) >= SHORTEST_NAME and squashed in _plain(title).replace("-", "")


def _name(page: Page) -> str | None:
    return next((page.labels[name] for name in NAMES if page.labels.get(name)), None)


def _words(text: str) -> frozenset[str]:
    """Lower case, without numbers and without what every alert says; `HighErrorRate` is three words."""
    words = _WORD.findall(_CAMEL.sub(" ", text).lower())
    return frozenset(word for word in words if not word.isdecimal() and word not in _SAID_BY_ALL)


def _plain(text: str | None) -> str:
    return re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-")

"""A storm in words: one line for a lock screen, one line an incident, and what did not fit as counts."""

from collections import Counter
from collections.abc import Sequence

from bot.model.incident import Digest, Incident, IncidentState
from bot.wording.figures import counted, duration
from bot.wording.incident import SEVERITIES
from bot.wording.literal import one_line
from bot.wording.verdict import conclude

LISTED = 20  # incidents that the message names; one phone screen holds about ten
_WORST_FIRST = tuple(SEVERITIES)


def headline(digest: Digest, incidents: Sequence[Incident]) -> str:
    """`Storm · 37 incidents in 4 min · 29 still open`."""
    newest = max((one.opened_at for one in incidents), default=digest.opened_at)
    still = sum(one.resolved_at is None for one in incidents)
    lasted = f" in {duration(newest - digest.opened_at)}" if newest > digest.opened_at else ""
    return f"Storm · {counted(len(incidents), 'incident')}{lasted} · {still or 'none'} still open"


def summary(digest: Digest, incidents: Sequence[Incident]) -> str:
    """One full line for notifications and screen readers."""
    return f"{headline(digest, incidents)}. {services(incidents)}. New incidents are told here while it lasts."


def services(incidents: Sequence[Incident]) -> str:
    """`assistant 30, search 7`: most first."""
    told = Counter(one_line(one.service or "", 40) or "service not stated" for one in incidents)
    ranked = sorted(told.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ranked) - 5} more services" if len(ranked) > 5 else ""
    return ", ".join(f"{name} {count}" for name, count in ranked[:5]) + more


def listed(incidents: Sequence[Incident]) -> tuple[Incident, ...]:
    """Those that are named: open before resolved, worst first, oldest first."""
    order = sorted(incidents, key=lambda one: (one.resolved_at is not None, _WORST_FIRST.index(one.severity), one.opened_at, one.id))
    return tuple(order[:LISTED])


def line(incident: Incident) -> str:
    """`CRITICAL · assistant · error rate 12 % · Retrieval: timeout`."""
    service = [one_line(incident.service, 30)] if incident.service else []
    return " · ".join([SEVERITIES[incident.severity], *service, one_line(incident.title, 80) or "page without a title", state(incident)])


def state(incident: Incident) -> str:
    """How far it is: being triaged, what triage said, or that it is over."""
    if incident.state is IncidentState.TRIAGING:
        return "triaging"
    said = conclude(incident.report).title if incident.report is not None else "triage failed"
    if incident.state is IncidentState.RESOLVED:
        return f"resolved; {said}" if incident.report is not None else "resolved"
    return said

"""What a vendor calls severity or status -> ours. A word that is not known stays unknown; nothing is invented."""

import re
from itertools import pairwise

from bot.model.page import Severity, Status

_SEVERITIES: dict[Severity, str] = {
    Severity.CRITICAL: "critical crit fatal emergency emerg disaster blocker page panic p0 p1 sev0 sev1 s0 s1",
    Severity.ERROR: "error err high major severe p2 sev2 s2",
    Severity.WARNING: "warning warn medium moderate minor average degraded p3 sev3 s3",
    Severity.INFO: "info information informational low notice debug trivial p4 p5 sev4 sev5 s4 s5",
}
_STATUSES: dict[Status, str] = {
    Status.RESOLVED: (
        "resolved resolve recovered recovery ok closed close normal success clear cleared green up inactive expired "
        "deactivated healthy passed completed fixed done canceled cancelled"
    ),
    Status.FIRING: (
        "firing fired alerting alert alarm triggered trigger open opened active activated created create new problem critical error "
        "warning warn acknowledged acknowledge acked ack investigating identified monitoring triage failing failed failure fail down "
        "no_data nodata reopened reopen unresolved red yellow started ongoing pending reassigned escalated"
    ),
}
_SEVERITY = {word: one for one, words in _SEVERITIES.items() for word in words.split()}
_STATUS = {word: one for one, words in _STATUSES.items() for word in words.split()}
_KINDS = ("incident_", "alert_", "issue_", "monitor_")  # `incident.resolved`
_TOKEN = re.compile(r"[a-z0-9]+")


def severity(*said: str | None) -> Severity:
    """The first of these that says one: a word, `P1`, `SEV-2`, `P1 - Critical`."""
    for text in said:
        words = _TOKEN.findall((text or "")[:80].casefold())
        joined = ["".join(pair) for pair in pairwise(words)]  # "sev 1", "sev-1"
        for word in (*words, *joined):
            if word in _SEVERITY:
                return _SEVERITY[word]
    return Severity.UNKNOWN


def status(*said: str | None) -> Status | None:
    """The first of these that says one; None when none does. Compared whole: `not resolved` says nothing."""
    for text in said:
        word = "_".join(_TOKEN.findall((text or "")[:80].casefold()))
        for one in (word, word.replace("_", ""), word.rpartition("_")[2] if word.startswith(_KINDS) else word):
            if one in _STATUS:
                return _STATUS[one]
    return None

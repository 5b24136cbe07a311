"""How often a card may be edited only to show progress. A verdict or a click is never held back."""

from collections import OrderedDict, deque

CARD_GAP_S = 3.0  # seconds between two progress edits of one card: a triage takes five, and people read slower
MINUTE_S = 60.0
PER_MINUTE = 30  # of the 50 edits a minute that Slack grants the whole workspace; the rest is for verdicts and clicks
CARDS = 1_000  # cards remembered; more are not being triaged at the same time


class Pace:
    def __init__(self) -> None:
        self._last: OrderedDict[str, float] = OrderedDict()
        self._recent: deque[float] = deque()

    def allows(self, incident_id: str, now: float) -> bool:
        """Whether a progress edit may go out at `now` (seconds of any steady clock); one that may is counted."""
        while self._recent and self._recent[0] <= now - MINUTE_S:
            self._recent.popleft()
        if now - self._last.get(incident_id, now - CARD_GAP_S) < CARD_GAP_S or len(self._recent) >= PER_MINUTE:
            return False
        self._recent.append(now)
        self.edited(incident_id, now)
        return True

    def edited(self, incident_id: str, now: float) -> None:
        """The card was posted or edited for another reason: progress waits from here."""
        self._last[incident_id] = now
        self._last.move_to_end(incident_id)
        if len(self._last) > CARDS:
            self._last.popitem(last=False)

"""Words for a report, or none: asks a narrator within its budget, and shows nothing that breaks a rule of wording.claims.

The caller has its template already; whatever goes wrong here, it is what people read.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from bot.errors import SourceUnavailable
from bot.model.narration import Brief, Narration
from bot.model.report import Report
from bot.ports import Narrator
from bot.redact import redact, redact_report
from bot.wording.claims import refusal
from bot.wording.narration import brief_of, is_told

KEPT = 200  # narrations remembered: the same report and question are not paid for twice
PAUSE_S = 60.0  # after a failure: a dead endpoint costs one reader its seconds, not everybody
LETTERS_A_TOKEN = 3  # fewer than English has, so that an estimate errs upwards
DAY_S = 86_400.0

log = logging.getLogger(__name__)


class Budget:
    """Tokens a day (UTC) of this process. What a narrator may cost is set aside before it is asked."""

    def __init__(self, tokens_per_day: int, clock: Callable[[], float]) -> None:
        """`clock`: epoch seconds."""
        self._limit = tokens_per_day
        self._clock = clock
        self._day = -1
        self._spent = 0

    def take(self, tokens: int) -> bool:
        """Set aside; False when the day has not as many left."""
        today = int(self._clock() // DAY_S)
        if today != self._day:
            self._day, self._spent = today, 0
        if self._spent + tokens > self._limit:
            return False
        self._spent += tokens
        return True

    def settle(self, taken: int, used: int) -> None:
        """`used` in place of what was set aside; more than that counts too."""
        self._spent = max(self._spent + used - taken, 0)


class Narrated:
    """Implements ports.Narrate."""

    def __init__(self, narrator: Narrator, budget: Budget, clock: Callable[[], float], *, tokens: int) -> None:
        """`tokens` of one completion, as the narrator is told."""
        self._narrator = narrator
        self._budget = budget
        self._clock = clock
        self._tokens = tokens
        self._paused_until = 0.0
        self._known: OrderedDict[str, Narration] = OrderedDict()

    async def __call__(self, report: Report, paged_at: datetime | None, question: str = "") -> Narration | None:
        """None: the template speaks. Never raises for anything the narrator does."""
        if not is_told(report):
            return None
        brief = _redacted(brief_of(redact_report(report), paged_at, redact(question)))
        key = hashlib.sha256(brief.model_dump_json().encode()).hexdigest()
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        told = await self._asked(brief)
        if isinstance(told, str):
            log.warning("the template speaks: %s", told, extra={"brief": key[:12]})  # a hash of what was asked, never its text
            return None
        self._known[key] = told
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return told

    async def _asked(self, brief: Brief) -> Narration | str:
        """A narration that passed, or why there is none."""
        taken = self._tokens + len(brief.model_dump_json()) // LETTERS_A_TOKEN
        if self._clock() < self._paused_until:
            return "paused after a failure"
        if not self._budget.take(taken):
            return "the day's tokens are spent"
        try:
            draft = await self._narrator.draft(brief)
        except SourceUnavailable as error:
            self._paused_until = self._clock() + max(PAUSE_S, error.retry_after or 0.0)
            return str(error)
        self._budget.settle(taken, draft.tokens or taken)
        return refusal(draft, brief) or Narration(claims=draft.claims, model=self._narrator.name)


def _redacted(brief: Brief) -> Brief:
    """Once more, as it leaves the house: put together, two harmless words may be what neither was alone."""
    facts = tuple(
        fact.model_copy(
            update={"text": redact(fact.text), "numbers": {redact(name): redact(value) for name, value in fact.numbers.items()}}
        )
        for fact in brief.facts
    )
    return Brief(facts=facts, question=brief.question)

"""A conversation: what was asked before helps to read what is asked now."""

from __future__ import annotations

from collections import OrderedDict

from bot.chat.answer import answered
from bot.chat.case import Case
from bot.chat.understand import Asked, Understanding
from bot.model.reply import Reply

KEPT = 1_000  # conversations remembered; older ones start anew, and lose nothing but their last question


class Talk:
    """Answers questions; `thread` names a conversation whose last question a follow-up may lean on."""

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding
        self._last: OrderedDict[str, Asked] = OrderedDict()

    async def ask(self, text: str, case: Case, thread: str | None = None) -> Reply:
        """SourceUnavailable when the embedder does not answer."""
        return answered(case, await self.read(text, case, thread))

    async def read(self, text: str, case: Case, thread: str | None = None) -> tuple[Asked, ...]:
        """What is asked, before anything is answered: whoever listens in may leave it at that."""
        before = self._last.get(thread) if thread is not None else None
        asked = await self._understanding.read(text, case.values, case.now, before)
        if thread is not None:
            self._last[thread] = asked[-1]
            self._last.move_to_end(thread)
            if len(self._last) > KEPT:
                self._last.popitem(last=False)
        return asked

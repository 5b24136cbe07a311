"""A conversation: what was asked before helps to read what is asked now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from bot.chat.answer import answered, defanged
from bot.chat.case import Case
from bot.chat.proof import unproved
from bot.chat.understand import Asked, Understanding
from bot.model.narration import Narration
from bot.model.reply import Reply
from bot.ports import Narrate
from bot.wording.narration import credit, paragraph

EXPLAINED = frozenset({"why"})  # what a narrator may word: prose about findings. Lists, texts to paste, commands and refusals are never its
KEPT = 1_000  # conversations remembered; older ones start anew, and lose nothing but their last question


class Talk:
    """Answers questions; `thread` names a conversation whose last question a follow-up may lean on."""

    def __init__(self, understanding: Understanding, narrate: Narrate | None = None) -> None:
        """`narrate` None: templates alone."""
        self._understanding = understanding
        self._narrate = narrate
        self._last: OrderedDict[str, Asked] = OrderedDict()

    async def start(self) -> None:
        """Make ready for the first question."""
        await self._understanding.start()

    async def ask(self, text: str, case: Case, thread: str | None = None) -> Reply:
        return await self.answer(case, await self.read(text, case, thread))

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

    async def answer(self, case: Case, asked: Sequence[Asked]) -> Reply:
        """The template's answer; for an explanation, where a narrator is configured and keeps to the rules, its words in place of it."""
        reply = answered(case, asked)
        if self._narrate is None or len(asked) > 1 or reply.clarify or reply.refused or reply.intent not in EXPLAINED:
            return reply
        told = await self._narrate(case.report, case.paged_at, asked[0].text)
        return reply if told is None else _worded(reply, told, case)


def _worded(reply: Reply, told: Narration, case: Case) -> Reply:
    """Only the words change: intent, slots and what is cited stay, and whatever more was cited is added. The rule of every answer,
    no number that nothing cited supports, holds for these words too."""
    cited = [name for claim in told.claims for name in claim.evidence if name in case.by_id]
    evidence = tuple(dict.fromkeys((*reply.evidence, *cited)))
    said = paragraph(told)
    if unproved(said, case, evidence):
        return reply
    return reply.model_copy(update={"answer": defanged(f"{said}\n{credit(told)}"), "evidence": evidence})

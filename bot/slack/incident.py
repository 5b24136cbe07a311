"""The incident card's buttons: acknowledge, show evidence, wrong, open runbook.

A button carries an incident's id and nothing else. Who pressed it is checked again at every click.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SourceUnavailable
from bot.model.audit import AuditEntry, Result
from bot.model.incident import Incident, Vote
from bot.model.runbook import Runbook
from bot.model.value import moment
from bot.ports import Audit, Decisions, Incidents
from bot.redact import redact
from bot.slack.blocks.card import ACKNOWLEDGE, EVIDENCE, RUNBOOK, WRONG
from bot.slack.blocks.kit import Json, escaped
from bot.slack.blocks.modals import (
    CAUSE,
    CAUSE_BLOCK,
    NOTE,
    NOTE_BLOCK,
    NOTE_LIMIT,
    UNKNOWN_CAUSE,
    VOTE,
    evidence_modal,
    no_runbook_modal,
    runbook_modal,
    thanks_modal,
    wrong_modal,
)
from bot.slack.click import Click, answer, pressed, submitted
from bot.slack.failures import code_of, translated
from bot.slack.limits import fit_view
from bot.slack.people import Gate

log = logging.getLogger(__name__)

NOT_YOURS = "Only members of this workspace can do that."
UNKNOWN = "Midwatch does not know this incident any more."
TOO_LATE = "Slack waited too long for Midwatch. Please press the button again."
EXPIRED = frozenset({"expired_trigger_id", "exchanged_trigger_id"})

Body = Mapping[str, object]


@dataclass(frozen=True)
class Desk:
    """What the buttons work with. `show` brings the incident's card up to date; `causes` are the ids to choose from."""

    incidents: Incidents
    decisions: Decisions
    gate: Gate
    show: Callable[[str], Awaitable[None]]
    runbook: Callable[[str], Runbook | None]
    kept_to_groups: Callable[[str, str | None, frozenset[str]], Runbook | None]  # cause, service, who asks -> what is not open to all
    audit: Audit
    causes: Sequence[str]
    clock: Callable[[], float]


def register(bolt: AsyncApp, desk: Desk) -> None:
    """All of this flow's listeners."""
    flow = _Flow(desk)
    bolt.action(ACKNOWLEDGE)(flow.acknowledge)
    bolt.action(EVIDENCE)(flow.evidence)
    bolt.action(WRONG)(flow.wrong)
    bolt.action(RUNBOOK)(flow.open_runbook)
    bolt.view(VOTE)(flow.vote)


class _Flow:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def acknowledge(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        if await self._let_in(click, respond) is None:
            return
        if await self._desk.decisions.acknowledge(click.incident_id, click.person.user) is not None:
            await self._desk.show(click.incident_id)
            await self._noted(click, "incident.acknowledged")

    async def evidence(self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        click = pressed(body)
        if (entered := await self._let_in(click, respond)) is not None:
            await _open(client, respond, click, evidence_modal(entered.incident))
            await self._noted(click, "evidence.opened")

    async def wrong(self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        click = pressed(body)
        if (entered := await self._let_in(click, respond)) is not None:
            await _open(client, respond, click, wrong_modal(entered.incident, self._desk.causes))

    async def open_runbook(self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        click = pressed(body)
        if (entered := await self._let_in(click, respond)) is None:
            return
        found = self._readable(entered)
        view = runbook_modal(click.incident_id, found) if found is not None else no_runbook_modal(click.incident_id)
        await _open(client, respond, click, view)
        if found is not None:
            await self._noted(click, "runbook.opened", detail=found.id)

    async def vote(self, ack: AsyncAck, body: Body) -> None:
        """Stored before it is acknowledged: whoever sees the thanks can rely on it."""
        click, said = submitted(body), answer(body, (CAUSE_BLOCK, CAUSE), (NOTE_BLOCK, NOTE))
        if await self._desk.gate.groups(click.person) is None:
            await self._noted(click, "incident.voted", Result.REFUSED)
            await ack(response_action="errors", errors={CAUSE_BLOCK: NOT_YOURS})
            return
        if said.cause not in {*self._desk.causes, UNKNOWN_CAUSE}:
            await ack(response_action="errors", errors={CAUSE_BLOCK: "Please choose from the list."})
            return
        cause = None if said.cause == UNKNOWN_CAUSE else said.cause
        vote = Vote(
            incident_id=click.incident_id,
            user=click.person.user,
            right=False,
            cause=cause,
            note=redact(said.note[:NOTE_LIMIT]),
            at=moment(self._desk.clock()),
        )
        await self._desk.decisions.vote(vote)
        await self._noted(click, "incident.voted", detail=cause or "")
        await ack(response_action="update", view=thanks_modal(click.incident_id))

    async def _let_in(self, click: Click, respond: AsyncRespond) -> "_Entered | None":
        """The incident, for somebody who may see it and who pressed a button of its own message."""
        groups = await self._desk.gate.groups(click.person)
        if groups is None:
            await self._noted(click, "incident.opened", Result.REFUSED)
            await _whisper(respond, NOT_YOURS)
            return None
        incident = await self._desk.incidents.get(click.incident_id)
        if incident is None or not await self._belongs(click, incident):
            await _whisper(respond, UNKNOWN)
            return None
        return _Entered(incident, groups)

    async def _belongs(self, click: Click, incident: Incident) -> bool:
        """A button of the incident's own channel; or of an answer in the app's own conversation with somebody who can read that channel."""
        if incident.message is None or incident.message.channel == click.channel:
            return True
        return click.channel.startswith("D") and await self._desk.gate.may_read(click.person, incident.message.channel)

    def _readable(self, entered: "_Entered") -> Runbook | None:
        """What is kept to the person's groups for this very cause first, else the report's first runbook, which is open to all."""
        report = entered.incident.report
        if report is None:
            return None
        own = self._desk.kept_to_groups(report.cause, entered.incident.service, entered.groups) if report.cause else None
        found = own or (self._desk.runbook(report.runbooks[0].id) if report.runbooks else None)
        return found if found is not None and (not found.groups or entered.groups & set(found.groups)) else None

    async def _noted(self, click: Click, action: str, result: Result = Result.DONE, detail: str = "") -> None:
        await noted(self._desk, click.person.user, action, click.incident_id, result, detail)


async def noted(desk: Desk, user: str, action: str, what: str, result: Result = Result.DONE, detail: str = "") -> None:
    """What people do is in the audit log. A log that cannot be written does not keep anybody from an incident."""
    try:
        told = AuditEntry(at=moment(desk.clock()), actor=f"slack:{user}", action=action, object=what, result=result, detail=detail)
        await desk.audit.note(told)
    except SourceUnavailable as error:
        log.warning("%s of %s is not in the audit log: %s", action, what, error)


@dataclass(frozen=True)
class _Entered:
    incident: Incident
    groups: frozenset[str]


async def _open(client: AsyncWebClient, respond: AsyncRespond, click: Click, view: Json) -> None:
    with translated("views.open"):
        try:
            await client.views_open(trigger_id=click.trigger_id, view=fit_view(view))
        except SlackApiError as error:
            if code_of(error) not in EXPIRED:
                raise
            await _whisper(respond, TOO_LATE)


async def _whisper(respond: AsyncRespond, words: str) -> None:
    """Only for the person who pressed: refusals and errors, never anything that is needed later."""
    await respond(text=escaped(words), response_type="ephemeral", replace_original=False)

"""The message shortcut "Triage this": what somebody points at becomes a page of source `slack`, once, and an incident.

The form is shown always, also where there is only one service: the words of a message that may stand in a private channel are about to
be seen in another, and that is for a person to say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot import pages
from bot.errors import BadInput, SourceUnavailable
from bot.model.audit import Result
from bot.model.incident import Incident
from bot.model.page import Page, Status
from bot.model.value import Value
from bot.ports import Intake, Work
from bot.redact import redact_page
from bot.slack.blocks.kit import escaped
from bot.slack.blocks.shortcut import NOT_SURE, SERVICE, SERVICE_BLOCK, TRIAGE_THIS, told_modal, triage_modal, value_of
from bot.slack.click import Person, person_of
from bot.slack.failures import translated
from bot.slack.incident import NOT_YOURS, Desk, noted
from bot.slack.limits import PRIVATE_METADATA, fit_view
from bot.slack.pages import SOURCE

log = logging.getLogger(__name__)

NO_WORDS = "There are no words in this message that could be triaged."
KNOWN = "This message is triaged already: {}."
OPENED = "{} is opened; its message stands in {} in a moment."
ADDED = "This belongs to {}, which is open: it is counted there, and triaged again."
LATER = "It could not be stored just now. Please send it again in a minute."
RECENT = 100  # incidents looked through for the one that a message belongs to
LABELS = 12  # of a page that travels with the form
SHORTER = 200  # characters by which a description is cut until it fits

Body = Mapping[str, object]


@dataclass(frozen=True)
class Shortcut:
    """`services`: names to choose from. `channel`: where incidents are shown, in words."""

    desk: Desk
    intake: Intake
    work: Work
    services: Sequence[str]
    channel: str
    counted: Callable[[str, str], None]


class Carried(Value):
    """What the form carries: Slack signs it on its way back, and nobody can change it in between."""

    page: Page
    delivery: str


def register(bolt: AsyncApp, shortcut: Shortcut) -> None:
    flow = _Flow(shortcut)
    bolt.message_shortcut(TRIAGE_THIS)(flow.chosen)
    bolt.view(TRIAGE_THIS)(flow.sent)


class _Flow:
    def __init__(self, shortcut: Shortcut) -> None:
        self._own = shortcut

    async def chosen(self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        person = person_of(body)
        if not await self._let_in(person):
            await _whisper(respond, NOT_YOURS)
            return
        try:
            carried = carried_by(body)
        except BadInput:
            await _whisper(respond, NO_WORDS)
            return
        words = f"{carried.page.title}\n{carried.page.description}".strip()
        view = fit_view(triage_modal(words, self._own.services, self._own.channel, carried.model_dump_json()))
        with translated("views.open"):
            await client.views_open(trigger_id=str(body.get("trigger_id", ""))[:200], view=view)

    async def sent(self, ack: AsyncAck, body: Body) -> None:
        """Stored before it is acknowledged."""
        person = person_of(body)
        view = body.get("view")
        told = view if isinstance(view, Mapping) else {}
        if not await self._let_in(person):
            await ack(response_action="update", view=told_modal(NOT_YOURS))
            return
        try:
            carried = Carried.model_validate_json(str(told.get("private_metadata", "")))
        except ValidationError as error:
            raise BadInput("a form without its page") from error
        try:
            words = await self._take(person, carried, _chosen(told))
        except SourceUnavailable as error:
            log.warning("a message could not be stored as a page: %s", error)
            words = LATER
        await ack(response_action="update", view=told_modal(words))

    async def _take(self, person: Person, carried: Carried, service: str) -> str:
        page = carried.page
        names = {value_of(name): name for name in self._own.services}
        only = self._own.services[0] if page.service is None and len(self._own.services) == 1 else page.service
        page = page.model_copy(update={"service": names.get(service, only)})
        now = self._own.desk.clock()
        raw = page.model_dump_json().encode()
        incident = await self._own.intake.receive(page, delivery_id=carried.delivery, raw=raw, received_at=now)
        self._own.counted(SOURCE, "duplicate" if incident is None else page.status.value)
        if incident is None:
            return KNOWN.format(await self._holder(page))
        await noted(self._own.desk, person.user, "incident.asked", incident.id)
        try:
            await self._own.work.triage(incident)
        except SourceUnavailable as error:  # the page is safe; the sweep starts what could not be started now
            log.warning("%s waits for the sweep: %s", incident.id, error, extra={"incident": incident.id})
        return ADDED.format(incident.id) if incident.alerts > 1 else OPENED.format(incident.id, self._own.channel)

    async def _holder(self, page: Page) -> str:
        key = f"{page.source}:{page.dedup_key}"
        held = (row for row in await self._own.desk.incidents.recent(RECENT) if key in _keys(row))
        return next((row.id for row in held), "look among the older incidents")

    async def _let_in(self, person: Person) -> bool:
        if await self._own.desk.gate.groups(person) is not None:
            return True
        await noted(self._own.desk, person.user, "incident.asked", "a message", Result.REFUSED)
        return False


def carried_by(body: Body) -> Carried:
    """A `message_action` payload as a redacted page. BadInput when the message has no words.

    An alert that another app posted is read as the watch reads it, under the same key: pointed at or watched, it is one page.
    """
    message, channel = body.get("message"), body.get("channel")
    if not (isinstance(message, Mapping) and isinstance(channel, Mapping)):
        raise BadInput("a shortcut without message or channel")
    place, ts = str(channel.get("id", ""))[:64], str(message.get("ts", ""))[:64]
    event = {**message, "type": "message", "channel": place}
    own_delivery, own_key = f"shortcut:{place}:{ts}", f"message:{place}:{ts}"
    raw = orjson.dumps({"event": event})
    posted = pages.parse(SOURCE, raw, {}, place="a message in Slack")
    if posted and posted[0].status is Status.FIRING:
        return _fitting(redact_page(posted[0]), pages.delivery_id(SOURCE, raw, {}) or own_delivery)
    said = {name: value for name, value in event.items() if name not in ("thread_ts", "subtype")} | {"bot_id": "shortcut"}
    (read,) = pages.parse(SOURCE, orjson.dumps({"event": said}), {}, place="a message in Slack")
    page = read.model_copy(update={"dedup_key": own_key, "status": Status.FIRING, "ends_at": None})
    return _fitting(redact_page(page), own_delivery)


def _fitting(page: Page, delivery: str) -> Carried:
    """Cut until it travels with the form."""
    page = page.model_copy(update={"links": (), "labels": dict(list(page.labels.items())[:LABELS])})
    carried = Carried(page=page, delivery=delivery)
    while len(carried.model_dump_json()) > PRIVATE_METADATA and (page.description or page.labels):
        if page.labels:  # most are words of the description said twice
            page = page.model_copy(update={"labels": dict(list(page.labels.items())[:-1])})
        else:
            page = page.model_copy(update={"description": page.description[: max(0, len(page.description) - SHORTER)]})
        carried = Carried(page=page, delivery=delivery)
    return carried


def _chosen(view: Mapping[str, object]) -> str:
    state = view.get("state")
    values = state.get("values") if isinstance(state, Mapping) else None
    block = values.get(SERVICE_BLOCK) if isinstance(values, Mapping) else None
    element = block.get(SERVICE) if isinstance(block, Mapping) else None
    option = element.get("selected_option") if isinstance(element, Mapping) else None
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else NOT_SURE


def _keys(incident: Incident) -> frozenset[str]:
    return frozenset({incident.key, *(alert.key for alert in incident.grouped)})


async def _whisper(respond: AsyncRespond, words: str) -> None:
    await respond(text=escaped(words), response_type="ephemeral", replace_original=False)

"""Drills in Slack: started with a command or by the timetable, asked about with a menu, answered in a form, marked in private."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.drills.room import Result, Room
from bot.errors import BadInput, MidwatchError, Refused
from bot.model.drill import OpenDrill
from bot.model.readiness import TeamDrill
from bot.ports import DrillBook
from bot.slack.blocks import drill as blocks
from bot.slack.blocks.kit import Json, escaped
from bot.slack.click import Click, Person, pressed, submitted
from bot.slack.failures import translated
from bot.slack.incident import NOT_YOURS
from bot.slack.limits import fit, fit_view
from bot.slack.people import Gate
from bot.slack.send import Sender

log = logging.getLogger(__name__)

COMMAND = "/midwatch-drill"
USAGE = f"{COMMAND} starts a drill, {COMMAND} NAME this one, {COMMAND} mine shows your own marks to you alone."
GONE = "Midwatch does not know this drill any more."
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")

Body = Mapping[str, object]


@dataclass(frozen=True)
class Lesson:
    """What the listeners work with. `channel`: the drills' own channel."""

    room: Room
    book: DrillBook
    gate: Gate
    client: AsyncWebClient
    channel: str


def register(bolt: AsyncApp, flow: Play) -> None:
    bolt.command(COMMAND)(flow.command)
    bolt.action(blocks.ASK)(flow.ask)
    bolt.action(blocks.HINT)(flow.hint)
    bolt.action(blocks.ANSWER)(flow.answer)
    bolt.action(blocks.CLOSE)(flow.close)
    bolt.action(blocks.DISPUTE)(flow.dispute)
    bolt.view(blocks.ANSWERS)(flow.answered)
    bolt.view(blocks.DISPUTED)(flow.disputed)


class Play:
    """Also what the timetable opens team drills on, and what a sweep sends late marks with."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._send = Sender(lesson.client)
        self._delivering = asyncio.Lock()

    async def start(self, key: str, scenario: str, channel: str, people: tuple[str, ...] = ()) -> OpenDrill:
        """Posted once a key; safe to repeat. BadInput: there is no such drill."""
        opened = await self._lesson.room.open(key, scenario, channel, people)
        if opened.message is not None:
            return opened
        made = await self._lesson.room.drill(opened)
        place = await self._send.post(channel, fit(blocks.drill_message(opened, made, None)), _mark(opened, "drill"))
        await self._lesson.book.placed(opened.id, place)
        return opened.model_copy(update={"message": place})

    async def open(self, drill: TeamDrill) -> None:
        """Port Stage: a team drill that came due. It is asked in the rotation's own channel, and names nobody."""
        await self.start(
            f"dr-{hashlib.blake2b(drill.key.encode(), digest_size=8).hexdigest()}", drill.scenario, drill.channel, drill.people
        )

    async def deliver(self) -> int:
        """Send the marks that are due -> how many. A mark that Slack will never take does not hold up the others.

        One at a time in this process; two replicas at the same moment may tell somebody twice, which is better than not at all.
        """
        async with self._delivering:
            return await self._deliver()

    async def _deliver(self) -> int:
        sent = 0
        for result in await self._lesson.room.waiting():
            try:
                await self._tell(result)
            except Refused as error:
                log.error("a mark of %s cannot be sent: %s", result.sitting.drill, error)  # noqa: TRY400 - Slack's word is all there is
            await self._lesson.room.told(result)
            sent += 1
        return sent

    async def _tell(self, result: Result) -> None:
        opened = await self._lesson.book.get(result.sitting.drill)
        if opened is None:
            return
        await self._send.post(result.sitting.participant, fit(blocks.mark_message(result)), _mark(opened, "mark"))
        await self._refresh(opened)

    async def _refresh(self, opened: OpenDrill) -> None:
        if opened.message is None:
            return
        made, tally = await self._lesson.room.drill(opened), await self._lesson.room.tally(opened)
        await self._send.edit(opened.message, fit(blocks.drill_message(opened, made, tally)), _mark(opened, "drill"))

    async def command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        person = _caller(body)
        if await self._lesson.gate.groups(person) is None:
            await _whisper(respond, NOT_YOURS)
            return
        wanted = str(body.get("text") or "").strip().casefold()
        if wanted == "mine":
            await _whisper(respond, blocks.mine_lines(await self._lesson.room.mine(person.user)))
            return
        names = await asyncio.to_thread(self._lesson.room.names)
        if wanted and wanted not in names:
            await _whisper(respond, USAGE if wanted == "help" or not NAME.fullmatch(wanted) else "There is no drill of that name.")
            return
        await _whisper(respond, f"A fresh incident is being made; it appears in {self._lesson.channel}.")
        await self.start(f"dr-{secrets.token_hex(8)}", wanted or secrets.choice(names), self._lesson.channel)

    async def ask(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        drill_id, _, topic = click.incident_id.partition(" ")
        opened = await self._let_in(click, drill_id, respond)
        if opened is not None:
            await self._said(respond, lambda: self._evidence(opened, click, topic))

    async def _evidence(self, opened: OpenDrill, click: Click, topic: str) -> str:
        return "\n".join([f"DRILL, {topic}:", *await self._lesson.room.evidence(opened, click.person.user, topic)])

    async def hint(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        opened = await self._let_in(click, click.incident_id, respond)
        if opened is not None:
            await self._said(respond, lambda: self._lesson.room.hint(opened, click.person.user))

    async def _said(self, respond: AsyncRespond, words: Callable[[], Awaitable[str]]) -> None:
        """To the one who asked; what they may not ask is said as kindly."""
        try:
            await _whisper(respond, await words())
        except BadInput as error:
            await _whisper(respond, str(error))

    async def answer(self, ack: AsyncAck, body: Body, respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        click = pressed(body)
        opened = await self._let_in(click, click.incident_id, respond)
        if opened is None:
            return
        await self._lesson.room.sit(opened, click.person.user)
        made = await self._lesson.room.drill(opened)
        with translated("views.open"):
            await client.views_open(trigger_id=click.trigger_id, view=fit_view(blocks.answer_modal(opened, made)))

    async def answered(self, ack: AsyncAck, body: Body) -> None:
        """Stored before it is acknowledged; marked after, which may take longer than Slack waits."""
        click = submitted(body)
        opened = await self._lesson.book.get(click.incident_id)
        if opened is None or await self._lesson.gate.groups(click.person) is None:
            await ack(response_action="errors", errors={_first(body): GONE if opened is None else NOT_YOURS})
            return
        said = blocks.filled(body)
        try:
            first = await self._lesson.room.answer(opened, click.person.user, _split(said))
        except BadInput as error:
            key = str(error).removeprefix("answer: ").partition(":")[0].partition("[")[0]
            await ack(response_action="errors", errors={key if key in _blocks_of(body) else _first(body): str(error)[:150]})
            return
        if not first:
            await ack(response_action="errors", errors={_first(body): "You have answered this drill already: the first answer counts."})
            return
        await ack(response_action="update", view=blocks.stored_modal())
        await self._deliver_soon()

    async def _deliver_soon(self) -> None:
        """What cannot be marked or sent now is by the sweep: the answer is stored."""
        try:
            await self.deliver()
        except MidwatchError as error:
            log.warning("marks wait for the sweep: %s", error)

    async def close(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        opened = await self._let_in(click, click.incident_id, respond)
        if opened is not None and opened.message is not None and await self._lesson.room.close(opened):
            over = await self._lesson.book.get(opened.id) or opened
            made, tally = await self._lesson.room.drill(over), await self._lesson.room.tally(over)
            debrief = fit(blocks.debrief_message(made, tally))
            await self._send.post(opened.message.channel, debrief, _mark(opened, "debrief"), thread_ts=opened.message.ts)
            await self._refresh(over)

    async def dispute(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        click = pressed(body)
        with translated("views.open"):
            await client.views_open(trigger_id=click.trigger_id, view=fit_view(blocks.dispute_modal(click.incident_id)))

    async def disputed(self, ack: AsyncAck, body: Body) -> None:
        """Recorded; a person decides (`midwatch drill disputes`)."""
        click = submitted(body)
        opened = await self._lesson.book.get(click.incident_id)
        said = _typed(body)
        if opened is None or await self._lesson.room.dispute(opened, click.person.user, said) is None:
            await ack(response_action="errors", errors={blocks.SAID_BLOCK: "This mark is disputed already, or is not yours."})
            return
        await ack(response_action="update", view=blocks.stored_modal())

    async def _let_in(self, click: Click, drill_id: str, respond: AsyncRespond) -> OpenDrill | None:
        if await self._lesson.gate.groups(click.person) is None:
            await _whisper(respond, NOT_YOURS)
            return None
        opened = await self._lesson.book.get(drill_id)
        if opened is None:
            await _whisper(respond, GONE)
        return opened


def _mark(opened: OpenDrill, part: str) -> Json:
    return {"event_type": "midwatch_drill", "event_payload": {"drill": opened.id, "part": part}}


def _split(said: Mapping[str, str]) -> dict[str, JsonValue]:
    """One line of the form may hold several facts, causes or names."""
    told: dict[str, JsonValue] = dict(said)
    for key, sign in (("evidence", "\n"), ("cause", ","), ("missing", ","), ("blamed", ",")):
        if key in said:
            parts: list[JsonValue] = [part.strip() for part in said[key].split(sign) if part.strip()]
            told[key] = parts if key == "evidence" or len(parts) > 1 else said[key].strip()
    if "=" in said.get("slice", ""):
        where: dict[str, JsonValue] = {}
        for part in said["slice"].split(","):
            name, sign, value = part.strip().partition("=")
            where |= {name.strip(): value.strip()} if sign else {}
        told["slice"] = where
    return told


def _caller(body: Body) -> Person:
    user = body.get("user_id")
    if not isinstance(user, str) or not 0 < len(user) <= 64:
        raise BadInput("a command without a user")
    team = str(body.get("team_id") or "")[:64]
    return Person(user, team, team)


def _blocks_of(body: Body) -> list[str]:
    view = body.get("view")
    listed = view.get("blocks") if isinstance(view, Mapping) else None
    rows = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, Mapping)]
    return [str(one.get("block_id")) for one in rows if one.get("type") == "input"]


def _first(body: Body) -> str:
    return next(iter(_blocks_of(body)), "layer")


def _typed(body: Body) -> str:
    view = body.get("view")
    state = view.get("state") if isinstance(view, Mapping) else None
    values = state.get("values") if isinstance(state, Mapping) else None
    block = values.get(blocks.SAID_BLOCK) if isinstance(values, Mapping) else None
    element = block.get(blocks.SAID) if isinstance(block, Mapping) else None
    text = element.get("value") if isinstance(element, Mapping) else None
    return text[:2000] if isinstance(text, str) else ""


async def _whisper(respond: AsyncRespond, words: str) -> None:
    """Only for the person who asked."""
    await respond(text=escaped(words), response_type="ephemeral", replace_original=False)

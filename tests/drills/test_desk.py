"""Readiness put together from what is kept, with who may read and do what; a ping with a person's own token."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.backends.access_ping import ping
from bot.drills.library import offers_in
from bot.drills.readiness.desk import Desk
from bot.drills.readiness.own import own
from bot.errors import BadInput, BadSettings, NotAllowed, SourceUnavailable
from bot.model.drill import DrillType
from bot.model.readiness import Role, Rotation, Shift, Standing
from bot.settings import drill_folder
from tests.drills.made import DAY, NOW, K, access, marked, offer, page, person, ready_history, shift
from tests.fakes_readiness import MemoryMarks, MemoryPagesTaken, MemoryReadiness

ROTATION = Rotation(
    name="assistant",
    zone="UTC",
    managers=("UBOSS", "U1"),
    systems={"traces": "http://127.0.0.1:9/"},
    people=(person(id="U1", known_as=("ada@example.com",), mentor="U2"), person(id="U2", name="Bo"), person(id="U3", name="Cy")),
)


class Planned:
    def __init__(self, *shifts: Shift) -> None:
        self.held = shifts
        self.asked: tuple[float, float] = (0.0, 0.0)

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        self.asked = (start, end)
        return tuple(one for one in self.held if one.end.timestamp() > start and one.start.timestamp() < end)


async def a_desk(ready: bool = True) -> Desk:
    history = ready_history()
    book = MemoryReadiness()
    if ready:
        for act in history.acts:
            await book.log(act)
        await book.served(history.shifts)
    return Desk(ROTATION, MemoryMarks(list(history.drills) if ready else []), book, MemoryPagesTaken())


async def test_a_person_and_their_mentor_read_the_same() -> None:
    desk = await a_desk()
    for viewer in ("U1", "ada@example.com", "U2"):
        assert (await desk.show("ADA@example.com", viewer, NOW)).standing is Standing.PRIMARY
    for viewer in ("U3", "UBOSS", ""):
        with pytest.raises(NotAllowed):
            await desk.show("U1", viewer, NOW)
    with pytest.raises(BadInput, match="nobody on assistant"):
        await desk.show("U9", "U9", NOW)


async def test_everybody_has_their_own_history_and_nobody_elses() -> None:
    desk = await a_desk()
    held = await desk.histories()
    assert len(held["U1"].drills) == len(ready_history().drills) and held["U2"].drills == () and held["U3"].acts == ()


async def test_the_week_remembers_what_ended_and_speaks_of_who_is_not_ready() -> None:
    desk = await a_desk()
    served, ahead, ready = shift(Role.SHADOW, 3, "U2"), shift(days_ago=-10, who="U2"), shift(days_ago=-10, who="U1")
    duty = Planned(served, ahead, ready)
    library = [offer("D5", "retrieval.timeout"), offer("D2", "tool.loop")]
    week = await desk.week(duty, library, NOW)
    assert [one.person for one in week.notices] == ["U2"] and week.new_shifts == 1 and not week.unplanned
    assert duty.asked == ((NOW - 60 * DAY).timestamp(), (NOW + 7 * DAY).timestamp())
    assert [one.role for one in (await desk.histories())["U2"].shifts] == [Role.SHADOW]
    assert (await desk.week(duty, library, NOW)).new_shifts == 0
    assert (await desk.week(Planned(), library, NOW)).unplanned


async def test_next_comes_what_the_gate_lacks_and_not_at_night() -> None:
    library = [offer("D2", "tool.loop", K.TOOL), offer("D5", "none.mix_shift", K.STATISTICS), offer("D4", "none.mix_shift", K.STATISTICS)]
    newcomer = await (await a_desk(ready=False)).next("U2", library, NOW)
    assert newcomer.wait is None and newcomer.free_at == NOW and len(newcomer.drills) == 2
    at_night = NOW.replace(hour=21)  # eleven in the evening in Berlin
    later = await (await a_desk(ready=False)).next("U2", library, at_night)
    assert later.wait == "it is night there" and later.free_at is not None
    assert timedelta(hours=8) <= later.free_at - at_night < timedelta(hours=8, minutes=30)  # in the morning, not all at once
    week_done = [marked("D5", "tool.error", n, participant="U2") for n in (1, 2, 3)] + [marked("D6", "tool.error", 1, participant="U2")]
    tired = Desk(ROTATION, MemoryMarks(week_done), MemoryReadiness(), MemoryPagesTaken())
    assert (await tired.next("U2", library, NOW)).wait == "has done this week's share"


async def test_an_override_is_a_managers_logged_word_about_somebody_else() -> None:
    desk = await a_desk(ready=False)
    for by, why in (("U3", "x"), ("U1", "for myself"), ("UBOSS", "  ")):
        with pytest.raises((NotAllowed, BadInput)):
            await desk.override("U1", by, why, NOW)
    assert await desk.book.acts() == ()
    act = await desk.override("ada@example.com", "UBOSS", " holiday ", NOW)
    assert (act.person, act.by, act.why) == ("U1", "UBOSS", "holiday") and await desk.book.acts("U1") == (act,)
    shown = await desk.show("U1", "U1", NOW)
    assert (shown.standing, shown.overridden_by, shown.until) == (Standing.OVERRIDDEN, "UBOSS", NOW + 7 * DAY)


async def test_proven_access_is_an_act_of_the_bot() -> None:
    desk = await a_desk(ready=False)
    await desk.proven("U1", "traces", NOW)
    (act,) = await desk.book.acts("U1")
    assert (act.what, act.by) == ("traces", "midwatch") and act.kind == access("traces", 0).kind


async def test_a_page_in_the_night_is_part_of_the_history() -> None:
    history = ready_history()
    desk = Desk(ROTATION, MemoryMarks(list(history.drills)), MemoryReadiness(), MemoryPagesTaken({"U1": (page(NOW - DAY),)}))
    assert (await desk.histories())["U1"].pages == (page(NOW - DAY),)


def test_a_team_of_three_is_nobodys_to_look_at() -> None:
    import asyncio

    async def go() -> None:
        await (await a_desk()).team(("tool.loop",), NOW)

    with pytest.raises(NotAllowed, match="4 people or more"):
        asyncio.run(go())


def test_the_shipped_library_offers_what_the_gate_asks_for() -> None:
    found = offers_in(drill_folder())
    kinds = {one.drill_type for one in found}
    assert {DrillType.PAGE, DrillType.RED_HERRING, DrillType.ROLLBACK, DrillType.FLASH_CARD, DrillType.TELEMETRY_GAP} <= kinds
    causes = {one.cause for one in found}
    assert None in causes and len(causes) > 40 and all(one.competencies for one in found)
    assert offers_in(Path("nowhere")) == ()


class System:
    """A system that lets in one token."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                right = self.headers.get("Authorization") == "Bearer mine"
                self.send_response(302 if self.path == "/moved" else 200 if right else 401)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def system() -> Iterator[System]:
    made = System()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


async def test_access_is_proven_by_a_token_and_not_by_a_form(system: System) -> None:
    await ping("traces", f"{system.url}/", "mine")
    for path, token in (("/", "another's"), ("/moved", "mine")):  # a redirect to a login page is no access
        with pytest.raises(NotAllowed, match="HTTP") as error:
            await ping("traces", system.url + path, token)
        assert token not in str(error.value)


@pytest.mark.parametrize(
    ("url", "token", "error"),
    [
        ("http://127.0.0.1:9/", "mine", SourceUnavailable),
        ("http://169.254.169.254/latest", "mine", SourceUnavailable),  # a cloud's metadata is no system
        ("ftp://host/", "mine", BadSettings),
        ("http://me:secret@host/", "mine", BadSettings),
    ],
)
async def test_what_cannot_be_asked_proves_nothing(url: str, token: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        await ping("traces", url, token)
    assert "mine" not in str(raised.value) and "secret" not in str(raised.value)


async def test_what_one_sees_of_oneself_is_of_ones_own_rotations() -> None:
    desk = await a_desk(ready=False)
    (mine,) = await own([desk], "ada@example.com", [offer("D5", "retrieval.timeout")], NOW)
    assert mine.rotation == "assistant" and mine.ready.person == "U1" and [one.scenario for one in mine.next.drills] != []
    assert await own([desk], "U9", [], NOW) == ()

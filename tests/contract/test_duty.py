"""One suite for Duty: each source's own shape, over a real HTTP server or from a file, gives the same shifts."""

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.backends.duty_api import ANSWER_LIMIT
from bot.backends.duty_file import duty_file
from bot.backends.rotations import roster, rotations
from bot.errors import BadSettings, SourceUnavailable
from bot.model.readiness import Role, Rotation
from tests.drills.made import person

SHAPES = Path(__file__).parent / "duty"
START, END = (datetime(2026, 6, day, tzinfo=UTC).timestamp() for day in (8, 22))
TOKENS = {"pagerduty": "pd-token", "opsgenie": "og-token", "grafana": "gr-token"}


class Vendor:
    """Answers as the vendors do, or as told; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.instead: tuple[int, bytes] | None = None
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                vendor.asked.append((url.path, parse_qs(url.query), dict(self.headers)))
                status, body = vendor.instead or vendor.answer(url.path, parse_qs(url.query))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        known = {
            "/schedules/PSCHED1": "pagerduty.json",
            "/v2/schedules/d875e654/timeline": "opsgenie.json",
            "/api/v1/schedules/SBM7DV7BKFUYU/final_shifts": f"grafana-{query.get('page', ['1'])[0]}.json",
        }
        return (200, (SHAPES / known[path]).read_bytes()) if path in known else (404, b'{"error": "Not Found"}')


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


IDS = {"pagerduty": "PSCHED1", "opsgenie": "d875e654", "grafana": "SBM7DV7BKFUYU"}
PEOPLE = (
    person(id="U1", known_as=("PUSER1", "ada@example.com", "ada")),
    person(id="U2", name="Bo", known_as=("PUSER2", "bo@example.com", "bo")),
)


def a_rotation(*sources: dict[str, str], people=PEOPLE) -> Rotation:
    return Rotation.model_validate({"name": "assistant", "zone": "Europe/Berlin", "sources": sources, "people": people})


def source(kind: str, vendor: Vendor) -> dict[str, str]:
    if kind in IDS:
        return {"kind": kind, "schedule": IDS[kind], "url": vendor.url}
    return {"kind": "file", "schedule": str(SHAPES / kind)}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


KINDS = ["pagerduty", "opsgenie", "grafana", "shifts.yaml", "oncall.ics"]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_source_gives_the_same_shifts_of_the_same_people(kind: str, vendor: Vendor, stack: AsyncExitStack) -> None:
    duty = await stack.enter_async_context(roster(a_rotation(source(kind, vendor)), TOKENS))
    found = [(one.person, one.role, one.start.isoformat(), one.end.isoformat()) for one in await duty.shifts(START, END)]
    assert found == [
        ("U1", Role.PRIMARY, "2026-06-08T07:00:00+00:00", "2026-06-15T07:00:00+00:00"),
        ("U2", Role.PRIMARY, "2026-06-15T07:00:00+00:00", "2026-06-17T12:00:00+00:00"),
    ]
    assert await duty.strangers(START, END) == ()


@pytest.mark.parametrize("kind", KINDS)
async def test_shifts_outside_the_interval_are_left_out(kind: str, vendor: Vendor, stack: AsyncExitStack) -> None:
    duty = await stack.enter_async_context(roster(a_rotation(source(kind, vendor)), TOKENS))
    monday = datetime(2026, 6, 15, 7, tzinfo=UTC).timestamp()
    assert [one.person for one in await duty.shifts(START, monday)] == ["U1"]  # one that begins where it ends does not touch it
    assert [one.person for one in await duty.shifts(monday, END)] == ["U2"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stranger_on_the_rotation_is_named(kind: str, vendor: Vendor, stack: AsyncExitStack) -> None:
    duty = await stack.enter_async_context(roster(a_rotation(source(kind, vendor), people=PEOPLE[:1]), TOKENS))
    assert [one.person for one in await duty.shifts(START, END)] == ["U1"]
    (name,) = await duty.strangers(START, END)
    assert name.lower().startswith(("puser2", "bo"))


ASKED = {
    "pagerduty": (
        "Authorization",
        "Token token=pd-token",
        {"since": ["2026-06-08T00:00:00Z"], "until": ["2026-06-22T00:00:00Z"], "time_zone": ["UTC"]},
    ),
    "opsgenie": (
        "Authorization",
        "GenieKey og-token",
        {"identifierType": ["id"], "date": ["2026-06-08T00:00:00Z"], "interval": ["14"], "intervalUnit": ["days"]},
    ),
    "grafana": ("Authorization", "gr-token", {"start_date": ["2026-06-08"], "end_date": ["2026-06-22"], "page": ["1"]}),
}


@pytest.mark.parametrize("kind", list(ASKED))
async def test_each_vendor_is_asked_in_its_own_way(kind: str, vendor: Vendor, stack: AsyncExitStack) -> None:
    duty = await stack.enter_async_context(roster(a_rotation(source(kind, vendor)), TOKENS))
    await duty.shifts(START, END)
    header, value, query = ASKED[kind]
    assert vendor.asked[0][2][header] == value and vendor.asked[0][1] == query


BROKEN = [
    (401, b"{}", "HTTP 401"),
    (429, b"slow down <!channel>", "HTTP 429"),
    (302, b"", "HTTP 302"),
    (200, b"<html>", "not of its API"),
    (200, b'{"schedule": {}, "data": {}, "results": [{"user_pk": 1}]}', "not of its API"),
    (200, b" " * (ANSWER_LIMIT + 1), "larger than"),
]


@pytest.mark.parametrize("kind", list(ASKED))
@pytest.mark.parametrize(("status", "body", "said"), BROKEN)
async def test_a_source_that_fails_says_what_was_asked_and_nothing_of_the_token(
    kind: str, status: int, body: bytes, said: str, vendor: Vendor, stack: AsyncExitStack
) -> None:
    vendor.instead = (status, body)
    duty = await stack.enter_async_context(roster(a_rotation(source(kind, vendor)), TOKENS))
    with pytest.raises(SourceUnavailable, match=said) as error:
        await duty.shifts(START, END)
    assert error.value.asked.startswith(f"GET {vendor.url}/")
    assert not any(token in str(error.value) + error.value.asked for token in TOKENS.values()) and "channel" not in str(error.value)


async def test_a_source_that_is_not_there_is_unavailable(stack: AsyncExitStack) -> None:
    gone = {"kind": "opsgenie", "schedule": "x", "url": "http://127.0.0.1:9"}
    duty = await stack.enter_async_context(roster(a_rotation(gone), TOKENS))
    with pytest.raises(SourceUnavailable, match="no answer"):
        await duty.shifts(START, END)


async def test_a_schedules_name_is_no_path(vendor: Vendor, stack: AsyncExitStack) -> None:
    sly = {"kind": "pagerduty", "schedule": "../users?x=", "url": vendor.url}
    duty = await stack.enter_async_context(roster(a_rotation(sly), TOKENS))
    with pytest.raises(SourceUnavailable):
        await duty.shifts(START, END)
    assert vendor.asked[0][0] == "/schedules/..%2Fusers%3Fx%3D"


async def test_endless_pages_come_to_an_end(vendor: Vendor, stack: AsyncExitStack) -> None:
    vendor.instead = (200, json.dumps({"results": [], "next": "http://169.254.169.254/"}).encode())
    duty = await stack.enter_async_context(roster(a_rotation(source("grafana", vendor)), TOKENS))
    with pytest.raises(SourceUnavailable, match="more than 40 pages"):
        await duty.shifts(START, END)
    assert len(vendor.asked) == 40  # the address that was sent is never called


SETTINGS = [
    ({"kind": "pagerduty", "schedule": "x"}, {}, "needs MIDWATCH_PAGERDUTY_TOKEN"),
    ({"kind": "grafana", "schedule": "x"}, TOKENS, "needs `url`"),
    ({"kind": "opsgenie", "schedule": "x", "url": "file:///etc/passwd"}, TOKENS, "must be http"),
    ({"kind": "opsgenie", "schedule": "x", "url": "http://me:secret@host"}, TOKENS, "must be http"),
]


@pytest.mark.parametrize(("given", "tokens", "said"), SETTINGS)
async def test_what_cannot_be_asked_is_refused_at_once(given: dict[str, str], tokens: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        async with roster(a_rotation(given), tokens):
            pass


def calendar(*lines: str) -> str:
    event = "\r\n".join(["BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}\r\nEND:VCALENDAR\r\n"


async def of_calendar(tmp_path: Path, text: str, start: str = "2026-03-01", end: str = "2026-05-01") -> list[tuple[str, str, str]]:
    (tmp_path / "a.ics").write_text(text, newline="")
    times = [datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() for one in (start, end)]
    async with duty_file(tmp_path / "a.ics", Role.PRIMARY, "Europe/Berlin") as duty:
        return [(one.person, f"{one.start:%m-%d %H:%M}", f"{one.end:%m-%d %H:%M}") for one in await duty.shifts(*times)]


WEEKLY = ("UID:r", "DTSTART;TZID=Europe/Berlin:20260309T090000", "DTEND;TZID=Europe/Berlin:20260316T090000", "SUMMARY:ada")


async def test_a_weekly_shift_keeps_its_hour_over_the_change_of_clocks(tmp_path: Path) -> None:
    found = await of_calendar(tmp_path, calendar(*WEEKLY, "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"))
    assert found == [("ada", "03-09 08:00", "03-16 08:00"), ("ada", "03-23 08:00", "03-30 07:00"), ("ada", "04-06 07:00", "04-13 07:00")]


async def test_exceptions_and_moved_shifts_are_taken_out_of_the_rule(tmp_path: Path) -> None:
    rule = [*WEEKLY, "RRULE:FREQ=WEEKLY;UNTIL=20260406T070000Z", "EXDATE;TZID=Europe/Berlin:20260316T090000"]
    moved = ["END:VEVENT", "BEGIN:VEVENT", "DTSTAMP:20260101T000000Z", "UID:r", "RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000"]
    moved += ["DTSTART;TZID=Europe/Berlin:20260324T120000", "DTEND;TZID=Europe/Berlin:20260325T120000", "SUMMARY:bo"]
    found = await of_calendar(tmp_path, calendar(*rule, *moved))
    assert [(who, begins) for who, begins, _ in found] == [
        ("ada", "03-09 08:00"),
        ("bo", "03-24 11:00"),
        ("ada", "03-30 07:00"),
        ("ada", "04-06 07:00"),
    ]


async def test_whole_days_are_the_teams_days(tmp_path: Path) -> None:
    found = await of_calendar(tmp_path, calendar("UID:d", "DTSTART;VALUE=DATE:20260401", "DURATION:P2D", "SUMMARY:ada (primary)"))
    assert found == [("ada (primary)", "03-31 22:00", "04-02 22:00")]


async def test_an_endless_rule_ends(tmp_path: Path) -> None:
    assert len(await of_calendar(tmp_path, calendar(*WEEKLY, "RRULE:FREQ=SECONDLY"))) <= 10_000


BAD_FILES = [
    ("a.ics", "no calendar", "a.ics: not a calendar"),
    ("a.ics", calendar("UID:x", "SUMMARY:no start"), "a.ics: not a calendar"),
    ("a.yaml", "shifts: [", "a.yaml:"),
    ("a.yaml", "shifts: [{person: ada}]", "a.yaml: shifts.0.start"),
    ("a.yaml", "[]", "a.yaml: the file"),
]


@pytest.mark.parametrize(("name", "text", "said"), BAD_FILES)
async def test_a_file_that_cannot_be_read_is_named_with_the_place(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    async with duty_file(tmp_path / name, Role.PRIMARY, "UTC") as duty:
        with pytest.raises(BadSettings, match=r"cannot|not|required|Input") as error:
            await duty.shifts(START, END)
    assert said in str(error.value)


ROTATION = """
name: assistant
zone: Europe/Berlin
people: [{id: U1, name: Ada, known_as: [ada@example.com]}, {id: U2, name: Bo, mentor: U1}]
sources: [{schedule: oncall.ics}]
drills: [{id: weekly, cron: "30 10 * * tue"}]
"""


def written(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "rotations").mkdir()
    for name, text in files.items():
        (tmp_path / "rotations" / f"{name}.yaml").write_text(text)
    return tmp_path


def test_a_rotation_is_a_file_and_its_calendar_lies_beside_it(tmp_path: Path) -> None:
    (found,) = rotations(written(tmp_path, assistant=ROTATION))
    assert found.sources[0].schedule == str(tmp_path / "rotations" / "oncall.ics")
    assert found.person("ADA@example.com") == found.people[0] and found.person("nobody") is None
    assert rotations(tmp_path / "elsewhere") == ()


BAD_ROTATIONS = [
    (ROTATION.replace("Berlin", "Atlantis"), "assistant.yaml: zone: no such time zone"),
    (ROTATION.replace("zone: Europe/Berlin", "zone: ../../etc/passwd"), "assistant.yaml: zone: no such time zone"),
    (ROTATION.replace("id: U2", "id: U1"), "two entries for the person U1"),
    (ROTATION.replace("name: Bo", "name: Bo, known_as: [Ada@Example.com]"), "two people are known as ada@example.com"),
    (ROTATION.replace("schedule: oncall.ics", "kind: carrier-pigeon, schedule: x"), "must be file, pagerduty, opsgenie or grafana"),
    (ROTATION.replace("mentor", "mentr"), "assistant.yaml: people.1.mentr: Extra inputs"),
    (ROTATION.replace("id: weekly", "id: Weekly Drill"), "assistant.yaml: drills.0.id"),
    ("name: [", "assistant.yaml:1: not YAML"),
]


@pytest.mark.parametrize(("text", "said"), BAD_ROTATIONS)
def test_a_rotation_that_cannot_be_used_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as error:
        rotations(written(tmp_path, assistant=text))
    assert said in str(error.value)


def test_two_rotations_share_no_name_and_no_drill(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="two drills are called weekly"):
        rotations(written(tmp_path, a=ROTATION, b=ROTATION.replace("name: assistant", "name: search")))

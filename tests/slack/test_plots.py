"""Charts beside answers: what they show is what was counted, in words too, and never more than a chart."""

import io

import numpy as np
import pytest
from PIL import Image

from bot.chat.answer import answered
from bot.chat.case import Case
from bot.chat.understand import Asked
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.frame import Codes, Frame
from bot.model.reply import Fresh, Reply
from bot.ports import Picture
from bot.slack.plots import picture_of
from tests.slack import samples
from tests.slack.conftest import House
from tests.slack.fake.server import Fault
from tests.slack.test_agent import asked as direct
from tests.slack.test_agent import said
from tests.slack.test_buttons import until
from tests.slack.test_chat import MENTION, answers, asked, placed

NOW = samples.PAGED.timestamp()
HOUR = 3_600.0
DRAWN_S = 30.0  # the first chart imports what draws it
INCIDENT = samples.incident(report=samples.FAULT)


def evidence(requests: int = 960) -> Evidence:
    """Eight hours: two tenants, the second slow and failing in the last one."""
    random = np.random.default_rng(3)
    ts = NOW - 8 * HOUR + np.arange(requests) * (8 * HOUR / requests)
    tenant = np.arange(requests) % 2
    late = (ts >= NOW - HOUR) & (tenant == 1)
    taken = random.gamma(4.0, 300.0, requests) * np.where(late, 3.0, 1.0)
    tokens = np.where(late, 3_000.0, 1_000.0)
    numbers = {"ts": ts, "duration_ms": taken, "tokens_input": tokens, "cost_usd": tokens / 1e6}
    frame = Frame(requests, numbers, {"tenant": Codes(("acme <!channel> $x^2$", "globex"), tenant.astype(np.int64))})
    windows = Windows(NOW, Interval(NOW - HOUR, NOW), Interval(NOW - 8 * HOUR, NOW - HOUR))
    return Evidence(samples.PAGE, "assistant", windows, frame, bad=late, start=NOW - 8 * HOUR)


CASE = Case(samples.FAULT, samples.PAGE, samples.PAGED, "assistant", evidence(), incident_id="INC-7")


def reply(intent: str, text: str, case: Case = CASE, **slots: str) -> Reply:
    return answered(case, (Asked(intent, slots, text, 1.0),))


def shape(picture: Picture) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture.png)) as image:
        return image.size


@pytest.mark.parametrize(
    ("intent", "text", "kind"),
    [
        ("onset", "when did it start", "signal"),
        ("onset", "since when is it slow", "latency"),
        ("slice", "which tenant is it", "parts"),
        ("blast_radius", "which customers are hit", "parts"),
        ("cost", "what does it cost", "cost"),
        ("confidence", "how sure are you", None),
        ("action_request", "restart it, it is slow", None),
    ],
)
def test_each_kind_of_question_has_its_chart(intent: str, text: str, kind: str | None):
    told = reply(intent, text)
    assert told.picture == kind
    picture = picture_of(told, INCIDENT, CASE)
    assert (picture is None) == (kind is None)
    if picture is not None:
        assert shape(picture)[0] == 1080
        assert picture.alt
        again = picture_of(told, INCIDENT, CASE)
        assert again is not None
        assert again.png == picture.png


def test_the_words_of_a_chart_have_each_number_with_its_n():
    told = reply("slice", "which tenant is it")
    picture = picture_of(told, INCIDENT, CASE)
    assert picture is not None
    assert "tenant = globex: 0 % before, 100 % now, n 60" in picture.alt
    cost = picture_of(reply("cost", "what does it cost"), INCIDENT, CASE)
    assert cost is not None
    assert "input tokens: 1,000 before, 2,000 now, n 120" in cost.alt
    slow = picture_of(reply("onset", "since when is it slow"), INCIDENT, CASE)
    assert slow is not None
    assert "n 840" in slow.alt
    assert "n 120" in slow.alt


def test_without_spans_a_course_is_drawn_from_the_report_and_nothing_else_is():
    bare = Case(samples.FAULT, samples.PAGE, samples.PAGED, "assistant")
    assert picture_of(reply("onset", "since when is it slow", bare), INCIDENT, bare) is not None
    assert reply("cost", "what does it cost", bare).picture is None
    assert picture_of(Reply(intent="cost", answer="x", picture="latency"), INCIDENT, bare) is None


def test_too_little_is_not_drawn_and_strange_numbers_do_not_break_it():
    few = Case(samples.FAULT, samples.PAGE, samples.PAGED, "assistant", evidence(8))
    assert picture_of(Reply(intent="onset", answer="x", picture="latency"), INCIDENT, few) is None
    one = Fresh(id="Q1", claim="x", label="tenant = a", numbers={"rate": 0.0, "baseline_rate": None}, n=3)
    assert picture_of(Reply(intent="slice", answer="x", picture="parts", queries=(one,)), INCIDENT, CASE) is None
    other = one.model_copy(update={"id": "Q2", "numbers": {"rate": "much"}})
    third = one.model_copy(update={"id": "Q3", "label": "x" * 500, "numbers": {"rate": 0.0, "baseline_rate": 0.0, "baseline_n": 9}})
    drawn = picture_of(Reply(intent="slice", answer="x", picture="parts", queries=(one, other, third) * 9), INCIDENT, CASE)
    assert drawn is not None
    assert "no requests before" in drawn.alt
    assert len(drawn.alt) < 1_000


async def test_counted_parts_come_with_their_chart_into_the_thread(house: House):
    house.evidence = evidence()
    thread = await placed(house)
    await house.transport.event(asked(f"{MENTION} which tenant is it?", "Ev11", thread))
    await until(lambda: house.slack.workspace.uploads and answers(house, thread), DRAWN_S)
    await until(lambda: any("files" in row for row in house.slack.workspace.replies(thread, "C1")), DRAWN_S)
    (file,) = [file for row in house.slack.workspace.replies(thread, "C1") for file in row.get("files", ())]
    assert file["alt_txt"].startswith("failed requests, before and now. tenant = globex: 0 % before, 100 % now, n 60")
    assert file["name"] == "inc-7-parts-1772417500.000011.png"


async def test_the_signal_is_not_put_twice_into_a_thread_unless_it_is_asked_for(house: House):
    thread = await placed(house)
    await house.transport.event(asked(f"{MENTION} when did it start", "Ev21", thread))
    await until(lambda: len(answers(house, thread)) == 1)
    await house.transport.event(asked(f"{MENTION} show me the chart of when it started", "Ev22", thread))
    await until(lambda: house.slack.workspace.uploads, DRAWN_S)
    assert [file["name"] for file in house.slack.workspace.uploads.values()] == ["inc-7-signal-1772417500.000022.png"]
    await house.transport.event(direct(house, "when did it start", "EvA3"))
    await until(lambda: len(house.slack.workspace.uploads) == 2, DRAWN_S)


async def test_a_chart_that_cannot_be_sent_takes_nothing_from_the_answer(house: House):
    house.slack.fail("files.getUploadURLExternal", Fault(error="missing_scope"))
    await placed(house)
    await house.transport.event(direct(house, "when did it start", "EvA1"))
    await until(lambda: said(house))
    await until(lambda: house.slack.count("files.getUploadURLExternal") == 1, DRAWN_S)
    assert house.slack.workspace.statuses[-1][2] != ""

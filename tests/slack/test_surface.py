"""One message an incident, whatever happens between Midwatch and Slack."""

import asyncio

import pytest

from bot.errors import Refused, SourceUnavailable
from bot.model.incident import Incident, IncidentState, MessageRef, Progress
from bot.ports import Picture
from bot.slack import SlackSurface, draw, web_client
from bot.slack.pace import PER_MINUTE, Pace
from tests.slack import samples
from tests.slack.fake import FakeSlack
from tests.slack.fake.server import Fault

INVALID = Fault(error="invalid_blocks")


def another(slack: FakeSlack, channel: str = "#incidents") -> SlackSurface:
    """The process after a crash: same workspace, nothing remembered."""
    return SlackSurface(web_client("xoxb-test", slack.url + "/api/"), channel, strict=True)


def text_of(slack: FakeSlack) -> str:
    (message,) = slack.workspace.roots()
    return message["text"]


async def shown(surface: SlackSurface, incident: Incident, progress: Progress | None = None) -> Incident:
    return incident.model_copy(update={"message": await surface.show(incident, progress)})


async def test_the_message_is_posted_once_and_then_edited_in_place(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, *samples.triaging())
    assert "Triaging: 6 of 18 checks" in text_of(slack)
    done = samples.incident(report=samples.FAULT, message=incident.message)
    await surface.show(done, None)
    await surface.show(samples.incident(IncidentState.RESOLVED, samples.FAULT, message=incident.message, revision=2), None)
    assert text_of(slack).startswith("INC-7 RESOLVED")
    assert (slack.count("chat.postMessage"), slack.count("chat.update")) == (1, 2)


async def test_nothing_is_unfurled_linked_or_mentioned(slack: FakeSlack, surface: SlackSurface):
    await surface.show(samples.incident(title="<!channel> <https://evil.example|ok> @here"), None)
    (message,) = slack.workspace.roots()
    assert (message["parse"], message["link_names"], message["unfurl_links"]) == ("none", False, False)
    assert "<!" not in message["text"]
    assert "&lt;!channel&gt;" in message["text"]


async def test_an_edit_that_changes_nothing_is_not_sent(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    await surface.show(incident, None)
    assert slack.count("chat.update") == 0


async def test_a_crash_between_posting_and_storing_does_not_post_twice(slack: FakeSlack, surface: SlackSurface):
    place = await surface.show(samples.incident(IncidentState.TRIAGING), None)
    found = await another(slack).show(samples.incident(report=samples.FAULT), None)
    assert found == place
    assert "Retrieval: timeout" in text_of(slack)


@pytest.mark.parametrize("channel", ["#incidents", "incidents", "C1"])
async def test_a_lost_answer_does_not_post_twice(slack: FakeSlack, channel: str):
    slack.fail("chat.postMessage", Fault(lost=True), Fault(lost=True))
    await another(slack, channel).show(samples.incident(report=samples.FAULT), None)
    assert len(slack.workspace.roots()) == 1


async def test_a_lost_answer_in_the_thread_does_not_reply_twice(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    slack.fail("chat.postMessage", Fault(lost=True))
    slack.fail("files.completeUploadExternal", Fault(lost=True))
    await surface.attach(incident, Picture(png=b"\x89PNG", alt="a chart", title="t"))
    assert len(slack.workspace.replies(incident.message.ts)) == 3


async def test_another_incidents_message_is_not_mistaken_for_this_ones(slack: FakeSlack, surface: SlackSurface):
    await surface.show(samples.incident(), None)
    await another(slack).show(samples.incident(id="INC-8"), None)
    assert len(slack.workspace.roots()) == 2


async def test_without_the_right_to_look_it_just_posts(slack: FakeSlack, surface: SlackSurface):
    slack.workspace.scopes -= {"channels:history", "channels:read"}
    assert (await surface.show(samples.incident(), None)).channel == "C1"


async def test_being_asked_to_look_less_often_does_not_hold_the_page_up(slack: FakeSlack, surface: SlackSurface):
    slack.limit("conversations.history", 1, retry_after=60)
    slack.fail("users.conversations", Fault(404, body="{}"))
    await surface.show(samples.incident(), None)
    await another(slack, "C1").show(samples.incident(id="INC-8"), None)
    assert len(slack.workspace.roots()) == 2


async def test_after_a_lost_answer_it_does_not_post_again_before_it_could_look(slack: FakeSlack):
    slack.fail("chat.postMessage", Fault(lost=True))
    slack.fail("conversations.history", Fault(), *[Fault(429, (("Retry-After", "60"),), '{"ok": false, "error": "ratelimited"}')] * 3)
    with pytest.raises(SourceUnavailable):
        await another(slack, "C1").show(samples.incident(), None)
    assert len(slack.workspace.roots()) == 1


async def test_two_at_the_same_time_post_one_message(slack: FakeSlack, surface: SlackSurface):
    slack.fail("chat.postMessage", Fault(wait_s=0.1))
    incident = samples.incident(IncidentState.TRIAGING)
    places = await asyncio.gather(*(surface.show(incident, None) for _ in range(5)))
    assert len(set(places)) == 1
    assert len(slack.workspace.roots()) == 1


async def test_429s_are_waited_out_and_the_card_arrives_once(slack: FakeSlack, surface: SlackSurface):
    slack.limit("chat.postMessage", 2)
    started = asyncio.get_running_loop().time()
    await surface.show(samples.incident(), None)
    assert asyncio.get_running_loop().time() - started >= 2
    assert len(slack.workspace.roots()) == 1


async def test_a_long_retry_after_is_the_callers_wait(slack: FakeSlack, surface: SlackSurface):
    slack.limit("chat.postMessage", 1, retry_after=30)
    started = asyncio.get_running_loop().time()
    with pytest.raises(SourceUnavailable, match="ratelimited"):
        await surface.show(samples.incident(), None)
    assert asyncio.get_running_loop().time() - started < 5
    with pytest.raises(SourceUnavailable, match="nobody"):
        await surface.show(samples.incident(), None)
    assert slack.count("chat.postMessage") == 1
    await another(slack).show(samples.incident(), None)
    assert len(slack.workspace.roots()) == 1


async def test_500s_are_tried_again(slack: FakeSlack, surface: SlackSurface):
    slack.fail("chat.postMessage", Fault(500, body="<html>"), Fault(503, body="{}"))
    await surface.show(samples.incident(), None)
    assert len(slack.workspace.roots()) == 1


async def test_a_slack_that_stays_down_is_unavailable_not_refused(slack: FakeSlack, surface: SlackSurface):
    slack.fail("chat.postMessage", *[Fault(500, body="down")] * 5)
    with pytest.raises(SourceUnavailable):
        await surface.show(samples.incident(), None)


async def test_a_slack_that_is_not_there_is_unavailable():
    with pytest.raises(SourceUnavailable, match="did not answer"):
        await SlackSurface(web_client("xoxb-test", "http://127.0.0.1:1/api/"), "C1").show(samples.incident(), None)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("not_in_channel", "invite the app"),
        ("is_archived", "archived"),
        ("invalid_auth", "BOT_TOKEN is not valid"),
        ("odd_new_code", "odd_new_code"),
    ],
)
async def test_what_cannot_be_cured_by_waiting_is_refused_with_the_cure(slack: FakeSlack, surface: SlackSurface, code: str, told: str):
    slack.fail("chat.postMessage", Fault(error=code))
    with pytest.raises(Refused, match=told):
        await surface.show(samples.incident(), None)


async def test_refused_blocks_are_replaced_once_by_plain_ones(slack: FakeSlack, surface: SlackSurface):
    slack.fail("chat.postMessage", INVALID)
    await surface.show(samples.incident(report=samples.FAULT), None)
    (message,) = slack.workspace.roots()
    assert {block["type"] for block in message["blocks"]} == {"header", "section", "actions"}
    assert "Retrieval: timeout" in message["blocks"][1]["text"]["text"]


async def test_blocks_refused_twice_are_refused(slack: FakeSlack, surface: SlackSurface):
    slack.fail("chat.postMessage", INVALID, INVALID)
    with pytest.raises(Refused, match="invalid_blocks"):
        await surface.show(samples.incident(report=samples.FAULT), None)


async def test_a_message_that_somebody_deleted_comes_back(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(IncidentState.TRIAGING))
    slack.workspace.messages["C1"].clear()
    place = await surface.show(samples.incident(report=samples.FAULT, message=incident.message), None)
    assert place != incident.message
    assert "Retrieval: timeout" in text_of(slack)


async def test_progress_is_edited_sparingly_and_the_verdict_at_once(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(IncidentState.TRIAGING))
    for done in range(10):
        await surface.show(incident, Progress(step="examine", done=done, total=10))
    assert slack.count("chat.update") == 0
    await surface.show(samples.incident(report=samples.FAULT, message=incident.message), None)
    assert slack.count("chat.update") == 1


async def test_a_late_progress_does_not_cover_the_verdict(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    await surface.show(samples.incident(IncidentState.TRIAGING, message=incident.message), None)
    assert "Retrieval: timeout" in text_of(slack)


def test_all_cards_together_leave_room_for_verdicts():
    pace = Pace()
    sent = sum(pace.allows(f"INC-{number % 40}", now=second + number / 100) for second in range(120) for number in range(40))
    assert sent <= 2 * PER_MINUTE + 1
    assert not Pace().allows("INC-1", 0.0) or not (both := Pace()).allows("INC-1", 0.0) or not both.allows("INC-1", 2.9)


def test_one_cards_progress_is_at_most_one_edit_every_three_seconds():
    pace = Pace()
    assert [pace.allows("INC-1", now) for now in (10.0, 12.9, 13.0, 15.9, 16.0)] == [True, False, True, False, True]
    pace.edited("INC-1", 20.0)
    assert not pace.allows("INC-1", 22.9)


async def test_evidence_ruled_out_and_chart_go_into_the_thread_once(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    picture = draw(incident)
    assert picture is not None
    await surface.attach(incident, picture)
    await another(slack).attach(incident, picture)
    evidence, ruled_out, chart = slack.workspace.replies(incident.message.ts)
    assert evidence["metadata"]["event_payload"] == {"incident": "INC-7", "revision": 1, "part": "evidence"}
    assert "provider incident" in str(ruled_out["blocks"])
    assert chart["files"][0]["bytes"] == picture.png
    assert "12 %" in chart["files"][0]["alt_txt"]


async def test_a_crash_in_the_middle_of_the_thread_is_finished_not_repeated(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    slack.fail("files.completeUploadExternal", *[Fault(error="fatal_error")] * 3)
    picture = Picture(png=b"\x89PNG", alt="a chart", title="t")
    with pytest.raises(SourceUnavailable):
        await surface.attach(incident, picture)
    await another(slack).attach(incident, picture)
    assert [bool(reply.get("files")) for reply in slack.workspace.replies(incident.message.ts)] == [False, False, True]


async def test_a_new_triage_brings_new_evidence(slack: FakeSlack, surface: SlackSurface):
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    await surface.attach(incident, None)
    await surface.attach(incident.model_copy(update={"revision": 2, "triage_revision": 2}), None)
    await surface.attach(incident.model_copy(update={"revision": 3, "triage_revision": 2}), None)
    assert len(slack.workspace.replies(incident.message.ts)) == 4


async def test_without_the_right_to_upload_the_words_still_arrive(slack: FakeSlack, surface: SlackSurface):
    slack.workspace.scopes -= {"files:write"}
    incident = await shown(surface, samples.incident(report=samples.FAULT))
    await surface.attach(incident, Picture(png=b"\x89PNG", alt="a chart", title="t"))
    assert len(slack.workspace.replies(incident.message.ts)) == 2


async def test_the_chart_is_the_same_bytes_twice_and_absent_without_a_series():
    incident = samples.incident(report=samples.FAULT)
    first, second = draw(incident), draw(incident)
    assert first is not None
    assert first == second
    assert first.png.startswith(b"\x89PNG")
    assert draw(samples.incident(report=samples.FAULT.model_copy(update={"chart": ()}))) is None
    assert draw(samples.incident()) is None


async def test_an_attach_without_message_or_report_does_nothing(slack: FakeSlack, surface: SlackSurface):
    await surface.attach(samples.incident(message=MessageRef(channel="C1", ts="1.1")), None)
    await surface.attach(samples.incident(report=samples.FAULT), None)
    assert slack.calls == []

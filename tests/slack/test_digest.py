"""A storm's one message, and the menu that gives one of its incidents a card of its own."""

import asyncio

import pytest

from bot.errors import SourceUnavailable
from bot.model.incident import Digest, Incident, IncidentState
from bot.model.page import Severity
from bot.model.value import moment
from bot.slack import SlackSurface, web_client
from bot.slack.blocks.digest import SINGLE_OUT, digest_classic, digest_message
from bot.slack.limits import problems
from tests.slack import samples
from tests.slack.conftest import House
from tests.slack.fake import FakeSlack
from tests.slack.fake.server import Fault
from tests.slack.fake.transport import press
from tests.slack.test_buttons import until

AT = 1_772_417_220.0
STORM = Digest(number=3, opened_at=moment(AT))


def incidents(count: int, **changed: object) -> list[Incident]:
    """Newest first."""
    made = [
        samples.incident(IncidentState.TRIAGING, id=f"INC-{n + 1}", title=f"page {n + 1}", opened_at=moment(AT + n), digest=3)
        for n in range(count)
    ]
    return [one.model_copy(update=changed) for one in reversed(made)]


async def test_it_is_posted_once_and_then_edited_also_after_a_crash(slack: FakeSlack, surface: SlackSurface) -> None:
    place = await surface.show_digest(STORM, incidents(12))
    assert await surface.show_digest(STORM, incidents(13)) == place  # not stored: found by its mark
    another = SlackSurface(web_client("xoxb-test", slack.url + "/api/"), "#incidents", strict=True)
    await another.show_digest(STORM.model_copy(update={"message": place}), incidents(25))
    (message,) = slack.workspace.roots()
    assert "25 incidents in 24 s · 25 still open" in message["text"]
    assert "and 5 more" in str(message["blocks"])


async def test_a_lost_answer_is_found_and_not_posted_again(slack: FakeSlack, surface: SlackSurface) -> None:
    slack.fail("chat.postMessage", Fault(lost=True))
    with pytest.raises(SourceUnavailable):
        await surface.show_digest(STORM, incidents(12))
    await surface.show_digest(STORM, incidents(12))
    assert len(slack.workspace.roots()) == 1


async def test_refused_blocks_become_plain_ones(slack: FakeSlack, surface: SlackSurface) -> None:
    slack.fail("chat.postMessage", Fault(error="invalid_blocks"))
    await surface.show_digest(STORM, incidents(12))
    (message,) = slack.workspace.roots()
    assert {block["type"] for block in message["blocks"]} == {"header", "section"}


def test_the_worst_that_are_open_come_first_and_verdicts_are_told() -> None:
    some = incidents(30, severity=Severity.WARNING)
    some[3] = some[3].model_copy(update={"severity": Severity.CRITICAL})
    some[5] = samples.incident(report=samples.FAULT, id="INC-99", digest=3, severity=Severity.ERROR)
    told = str(digest_message(STORM, some).blocks[2])
    assert told.index(f"{some[3].id} ") < told.index("INC-99 ")
    assert "Retrieval: timeout" in told
    over = incidents(3, resolved_at=moment(AT + 60), state=IncidentState.RESOLVED)
    assert "none still open" in digest_message(STORM, over).text
    assert SINGLE_OUT not in str(digest_message(STORM, over).blocks)


@pytest.mark.parametrize("count", [0, 1, 20, 500])
@pytest.mark.parametrize("words", ["x", "<!channel> & @here\n" * 400, "😀" * 3000, "", "\u202e"])
def test_whatever_the_pages_say_it_is_legal_and_mentions_nobody(count: int, words: str) -> None:
    some = incidents(count, title=words, service=words)
    for message in (digest_message(STORM, some), digest_classic(STORM, some)):
        assert problems(message.blocks, message.text) == ()
        assert "<!" not in message.text


async def test_choosing_an_incident_posts_its_card(house: House) -> None:
    for one in incidents(12):
        house.records.rows[one.id] = one
    await house.surface.show_digest(STORM, incidents(12))
    chosen = _chosen(house, "INC-7")
    await house.transport.interaction(chosen)
    await until(lambda: len(house.slack.workspace.roots()) == 2)
    assert house.records.rows["INC-7"].digest is None
    assert "page 7" in house.slack.workspace.roots()[-1]["text"]


async def test_guests_choose_nothing(house: House) -> None:
    house.records.rows["INC-7"] = incidents(12)[5]
    await house.surface.show_digest(STORM, incidents(12))
    house.slack.workspace.users["UANNA"]["is_restricted"] = True
    await house.transport.interaction(_chosen(house, "INC-7"))
    await until(lambda: house.slack.workspace.whispers)
    await asyncio.sleep(0.05)
    assert len(house.slack.workspace.roots()) == 1


def _chosen(house: House, incident_id: str) -> dict:
    (message,) = house.slack.workspace.roots()
    menu = message["blocks"][-1]["elements"][0]
    option = next(option for option in menu["options"] if option["value"] == incident_id)
    menu["value"] = ""  # what `press` reads of a button
    pressed = press(house.slack, SINGLE_OUT)
    pressed["actions"] = [{"type": "static_select", "action_id": SINGLE_OUT, "selected_option": option, "action_ts": "1"}]
    return pressed

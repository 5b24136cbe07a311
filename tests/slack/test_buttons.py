"""Buttons and modals through the real Bolt, over signed HTTP and through Socket Mode alike."""

import asyncio

import pytest

from bot.model.incident import IncidentState, MessageRef
from bot.model.runbook import Runbook
from bot.slack.blocks import card
from bot.slack.blocks.modals import CAUSE, CAUSE_BLOCK, NOTE, NOTE_BLOCK, UNKNOWN_CAUSE
from tests.slack import samples
from tests.slack.conftest import BOOK, House
from tests.slack.fake.server import Fault
from tests.slack.fake.transport import event, press, submit


def filled(cause: str | None, note: str | None = None) -> dict:
    chosen = {"value": cause} if cause is not None else None
    return {
        CAUSE_BLOCK: {CAUSE: {"type": "static_select", "selected_option": chosen}},
        NOTE_BLOCK: {NOTE: {"type": "plain_text_input", "value": note}},
    }


async def until(true: object, seconds: float = 5.0) -> None:
    """Bolt's listeners run on after their ack."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def test_acknowledge_is_stored_and_the_card_says_who(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.ACKNOWLEDGE))
    await until(lambda: house.slack.workspace.edits)
    assert house.records.rows["INC-7"].acknowledged_by == "UANNA"
    (message,) = house.slack.workspace.roots()
    assert {"type": "user", "user_id": "UANNA"} in message["blocks"][1]["elements"][0]["elements"]
    assert card.ACKNOWLEDGE not in str(message["blocks"])


async def test_show_evidence_opens_a_modal_with_findings_and_what_was_ruled_out(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.EVIDENCE))
    await until(lambda: house.slack.workspace.views)
    (view,) = house.slack.workspace.views.values()
    assert "Searches of kb-search time out" in str(view["blocks"])
    assert "provider incident" in str(view["blocks"])


async def test_wrong_asks_what_it_was_and_stores_the_answer(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.WRONG))
    await until(lambda: house.slack.workspace.views)
    (view,) = house.slack.workspace.views.values()
    groups = view["blocks"][1]["element"]["option_groups"]
    assert [group["label"]["text"] for group in groups] == ["Not listed", "Model", "No fault", "Retrieval", "Tool"]
    assert view["private_metadata"] == "INC-7"
    answered = await house.transport.interaction(submit(house.slack, filled("tool.loop", "the agent <!channel> looped")))
    (vote,) = house.records.votes
    assert (vote.incident_id, vote.user, vote.right, vote.cause, vote.note) == (
        "INC-7",
        "UANNA",
        False,
        "tool.loop",
        "the agent <!channel> looped",
    )
    assert vote.at.year == 2026
    assert answered["response_action"] == "update"


async def test_wrong_without_knowing_what_it_was_is_a_vote_too(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.WRONG))
    await until(lambda: house.slack.workspace.views)
    await house.transport.interaction(submit(house.slack, filled(UNKNOWN_CAUSE)))
    assert [(vote.cause, vote.note) for vote in house.records.votes] == [(None, "")]


@pytest.mark.parametrize("cause", ["retrieval.made_up", None, "x" * 500])
async def test_an_answer_that_was_not_offered_is_refused(house: House, cause: str | None):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.WRONG))
    await until(lambda: house.slack.workspace.views)
    answered = await house.transport.interaction(submit(house.slack, filled(cause)))
    assert answered == {"response_action": "errors", "errors": {CAUSE_BLOCK: "Please choose from the list."}}
    assert house.records.votes == []


async def test_the_runbook_opens_as_it_is_written(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.RUNBOOK))
    await until(lambda: house.slack.workspace.views)
    (view,) = house.slack.workspace.views.values()
    assert {"type": "text", "text": "# Confirm\n`curl` <!channel> *now*"} in view["blocks"][1]["elements"][0]["elements"]


async def test_a_runbook_kept_to_a_group_is_not_shown_to_others(house: House):
    house.books[BOOK.id] = BOOK.model_copy(update={"groups": ("search-team",)})
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.RUNBOOK))
    await until(lambda: house.slack.workspace.views)
    (view,) = house.slack.workspace.views.values()
    assert "No runbook that you may read" in str(view["blocks"])
    assert "curl" not in str(view["blocks"])


@pytest.mark.parametrize("trait", ["is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted"])
async def test_guests_strangers_and_bots_may_do_nothing(house: House, trait: str):
    house.slack.workspace.users["UANNA"][trait] = True
    await house.put(samples.incident(report=samples.FAULT))
    for action in (card.ACKNOWLEDGE, card.EVIDENCE, card.WRONG, card.RUNBOOK):
        await house.transport.interaction(press(house.slack, action))
    await until(lambda: len(house.slack.workspace.whispers) == 4)
    assert set(house.slack.workspace.whispers) == {"Only members of this workspace can do that."}
    assert house.slack.workspace.views == {}
    assert house.records.rows["INC-7"].acknowledged_by is None


async def test_somebody_from_another_workspace_may_do_nothing(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.ACKNOWLEDGE, team="T2"))
    await until(lambda: house.slack.workspace.whispers)
    assert house.records.rows["INC-7"].acknowledged_by is None


async def test_a_member_who_became_a_guest_cannot_submit_the_open_modal(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.WRONG))
    await until(lambda: house.slack.workspace.views)
    house.slack.workspace.users["UBOB"] = {"id": "UBOB", "is_restricted": True}
    answered = await house.transport.interaction(submit(house.slack, filled("tool.loop"), user="UBOB"))
    assert answered["response_action"] == "errors"
    assert house.records.votes == []


async def test_a_button_copied_into_another_channel_opens_nothing(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    house.records.rows["INC-7"] = house.records.rows["INC-7"].model_copy(update={"message": MessageRef(channel="C9", ts="1.1")})
    await house.transport.interaction(press(house.slack, card.EVIDENCE))
    await until(lambda: house.slack.workspace.whispers)
    assert house.slack.workspace.views == {}


async def test_when_slack_does_not_say_who_it_is_nobody_gets_in_and_a_reference_is_given(house: House, caplog: pytest.LogCaptureFixture):
    house.slack.fail("users.info", Fault(error="missing_scope"))
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.ACKNOWLEDGE))
    await until(lambda: house.slack.workspace.whispers)
    (told,) = house.slack.workspace.whispers
    reference = told.rsplit(" ", 1)[-1]
    assert len(reference) == 6
    assert reference in caplog.text
    assert "missing_scope" not in told
    assert house.records.rows["INC-7"].acknowledged_by is None


async def test_a_trigger_that_has_expired_asks_to_press_again(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    payload = press(house.slack, card.EVIDENCE)
    house.slack.workspace.triggers[payload["trigger_id"]] -= 4
    await house.transport.interaction(payload)
    await until(lambda: house.slack.workspace.whispers)
    assert "press the button again" in house.slack.workspace.whispers[0]


async def test_a_click_on_a_forgotten_incident_says_so(house: House):
    await house.put(samples.incident(IncidentState.TRIAGING))
    house.records.rows.clear()
    await house.transport.interaction(press(house.slack, card.ACKNOWLEDGE))
    await until(lambda: house.slack.workspace.whispers)
    assert "does not know this incident" in house.slack.workspace.whispers[0]


async def test_an_event_delivered_again_is_taken_once(house: House):
    body = event("app_uninstalled", "Ev1")
    await house.transport.event(body)
    await house.transport.event(body, retry=1)
    await house.transport.event(event("tokens_revoked", "Ev2"))
    await until(lambda: len(house.lost) == 2)
    await asyncio.sleep(0.05)
    assert house.lost == ["app_uninstalled", "tokens_revoked"]


KEPT = Runbook(
    id="retrieval.timeout.payments",
    path="p.md",
    title="Only for payments",
    body="# Pay",
    causes=("retrieval.timeout",),
    groups=("payments",),
)


async def opened(house: House) -> str:
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.interaction(press(house.slack, card.RUNBOOK))
    await until(lambda: house.slack.workspace.views)
    return str(list(house.slack.workspace.views.values())[-1]["blocks"])


async def test_a_runbook_kept_to_a_user_group_opens_for_its_members(house: House):
    house.books[KEPT.id] = KEPT
    house.slack.workspace.groups = [{"id": "S1", "handle": "payments", "users": ["UANNA"]}]
    assert "Pay" in await opened(house)
    assert ("runbook.opened", "INC-7", "done") in house.audit.said()


@pytest.mark.parametrize(
    "groups", [[], [{"id": "S1", "handle": "payments", "users": ["UBOB"]}], [{"handle": "payments", "users": ["UANNA"], "date_delete": 1}]]
)
async def test_nobody_else_sees_it_and_the_open_one_is_shown(house: House, groups: list):
    house.books[KEPT.id] = KEPT
    house.slack.workspace.groups = groups
    assert "Pay" not in await opened(house)


async def test_without_the_scope_nobody_is_in_a_group(house: House):
    house.books[KEPT.id] = KEPT
    house.slack.workspace.groups = [{"id": "S1", "handle": "payments", "users": ["UANNA"]}]
    house.slack.workspace.scopes.discard("usergroups:read")
    assert "Pay" not in await opened(house)


async def test_what_people_do_and_what_they_may_not_is_in_the_audit_log(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    house.slack.workspace.users["UGUEST"] = {"id": "UGUEST", "team_id": "T1", "is_restricted": True}
    await house.transport.interaction(press(house.slack, card.EVIDENCE, user="UGUEST"))
    await until(lambda: house.audit.entries)
    await house.transport.interaction(press(house.slack, card.ACKNOWLEDGE))
    await until(lambda: len(house.audit.entries) == 2)
    assert house.audit.said() == [("incident.opened", "INC-7", "refused"), ("incident.acknowledged", "INC-7", "done")]
    assert [entry.actor for entry in house.audit.entries] == ["slack:UGUEST", "slack:UANNA"]

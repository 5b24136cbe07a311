"""The home tab through the real Bolt: each person's own, literal, inside Slack's limits, and made when it is opened."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.drills.readiness.desk import Next
from bot.drills.readiness.own import Own
from bot.model.incident import IncidentState, MessageRef
from bot.model.readiness import Lack
from bot.slack.blocks.home import Homepage, home_view
from bot.slack.limits import view_problems
from tests.slack import samples
from tests.slack.conftest import House
from tests.slack.fake.server import Fault
from tests.slack.fake.transport import event
from tests.slack.test_buttons import until

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


def opened(event_id: str, tab: str = "home", user: str = "UANNA") -> dict[str, Any]:
    body = event("app_home_opened", event_id)
    body["event"] |= {"user": user, "channel": f"D{user}", "tab": tab, "event_ts": "1772417500.000001"}
    return body


async def shown(house: House, event_id: str, **more: Any) -> dict[str, Any]:
    await house.transport.event(opened(event_id, **more))
    user = more.get("user", "UANNA")
    await until(lambda: house.slack.workspace.homes.get(user))
    view: dict[str, Any] = house.slack.workspace.homes[user][-1]
    return view


async def test_it_lists_what_is_open_with_a_link_what_is_due_and_what_cannot_be_seen(house: House):
    house.mine["UANNA"] = (samples.own(),)
    incident = await house.put(samples.incident(report=samples.FAULT))
    over = {"id": "INC-8", "key": "k8", "state": IncidentState.RESOLVED}
    house.records.rows["INC-8"] = incident.model_copy(update=over)
    assert incident.message is not None
    view = await shown(house, "EvH1")
    told = str(view["blocks"])
    assert f"https://fake.slack.com/archives/C1/p{incident.message.ts.replace('.', '')}" in told
    for said in ("INC-7", "Retrieval: timeout", "/midwatch-drill night-07", "In grace", "retrieval (last 120 d ago)", "no Prometheus"):
        assert said in told
    assert "INC-8" not in told
    assert {"type": "text", "text": "<!channel> 2 triages looked at"} in view["blocks"][-2]["elements"][0]["elements"][1]["elements"]


async def test_nobody_sees_an_incident_of_a_private_channel_they_are_not_in(house: House):
    channel = house.slack.workspace.channels["C1"]
    channel["members"] = ["UBEN", "UEVE", "UADA"]
    await house.put(samples.incident(report=samples.FAULT))
    assert "INC-7" not in str(await shown(house, "EvH2"))
    house.slack.workspace.users["UADA"] = {"id": "UADA", "team_id": "T1"}
    assert "INC-7" in str(await shown(house, "EvH3", user="UADA"))


async def test_readiness_is_for_its_own_person(house: House):
    house.mine["UBEN"] = (samples.own(),)
    house.slack.workspace.users["UBEN"] = {"id": "UBEN", "team_id": "T1"}
    assert "retrieval (last" not in str(await shown(house, "EvH4"))
    assert "retrieval (last" in str(await shown(house, "EvH5", user="UBEN"))


@pytest.mark.parametrize("trait", ["is_restricted", "is_stranger", "deleted"])
async def test_guests_and_strangers_see_nothing(house: House, trait: str):
    house.slack.workspace.users["UANNA"][trait] = True
    await house.put(samples.incident(report=samples.FAULT))
    view = await shown(house, "EvH6")
    assert "INC-7" not in str(view)
    assert "Only members" in str(view)


async def test_it_is_made_again_when_it_is_opened_again_but_not_for_every_click(house: House):
    await shown(house, "EvH7")
    for number in range(5):
        await house.transport.event(opened(f"EvH8{number}"))
    await house.transport.event(opened("EvH7"), retry=1)
    await asyncio.sleep(0.2)
    assert len(house.slack.workspace.homes["UANNA"]) == 1
    await house.put(samples.incident(report=samples.FAULT))
    await asyncio.sleep(3.0)
    await house.transport.event(opened("EvH9"))
    await until(lambda: len(house.slack.workspace.homes["UANNA"]) == 2)
    assert "INC-7" in str(house.slack.workspace.homes["UANNA"][-1])


async def test_a_page_that_slack_refuses_is_tried_when_it_is_opened_again(house: House):
    house.slack.fail("views.publish", Fault(error="internal_error"))
    await house.transport.event(opened("EvH10"))
    await until(lambda: house.slack.count("views.publish") == 1)
    await asyncio.sleep(0.1)
    assert await shown(house, "EvH11")


async def test_an_incident_without_a_link_is_still_named(house: House):
    house.slack.fail("chat.getPermalink", Fault(error="message_not_found"))
    await house.put(samples.incident(report=samples.FAULT))
    view = await shown(house, "EvH12")
    assert "INC-7" in str(view)
    assert "'link'" not in str(view)


async def test_any_other_tab_is_answered_and_nothing_is_made(house: House):
    await house.transport.event(opened("EvH13", tab="about"))
    await asyncio.sleep(0.1)
    assert house.slack.workspace.homes == {}


def page(**more: Any) -> Homepage:
    return Homepage(**({"at": NOW, "incidents": (), "links": {}, "own": None, "blind": (), "command": "/d"} | more))


def test_a_storm_of_long_hostile_incidents_stays_inside_the_limits():
    title = "<!channel> <@U0> *x* <http://evil.example|here> " * 40
    one = samples.incident(title=title, report=samples.FAULT)
    many = tuple(one.model_copy(update={"id": f"INC-{n}", "message": MessageRef(channel="C1", ts=f"{n}.1")}) for n in range(300))
    lacks = tuple(Lack(what="x" * 900) for _ in range(40))
    view = home_view(page(incidents=many, own=(samples.own(lacks=lacks, soon=lacks),) * 3, blind=("y" * 900,) * 50))
    assert view_problems(view) == ()
    assert "and 290 more" in str(view)
    assert "'type': 'link'" not in str(view)
    assert "My readiness" in str(view)


def test_a_link_is_slacks_own_or_none():
    one = samples.incident(report=samples.FAULT)
    for url in ("javascript:alert(1)", "http://evil.example/", "https://" + "x" * 3_000):
        assert "'link'" not in str(home_view(page(incidents=(one,), links={one.id: url})))


def test_without_drills_nothing_is_said_of_them_and_off_every_rotation_it_says_so():
    assert "readiness" not in str(home_view(page()))
    assert "no rotation" in str(home_view(page(own=())))
    waits = Own("assistant", samples.own().ready, Next((), "it is night there", NOW))
    nothing = Own("assistant", samples.own().ready, Next((), None, NOW))
    assert "Not now: it is night there" in str(home_view(page(own=(waits,))))
    assert "Nothing is due" in str(home_view(page(own=(nothing,))))

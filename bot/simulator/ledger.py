"""The change log as CloudEvents, with what was forgotten left out (contract section 1)."""

from __future__ import annotations

from bot.model.value import moment, rfc3339
from bot.simulator.pages import mark
from bot.simulator.scenario import Event, Scenario

Json = dict[str, object]


def change_events(scenario: Scenario) -> list[Json]:
    """Logged events in order of time, one CloudEvent each."""
    logged = [one for one in scenario.events if one.logged]
    return [_event(one, scenario) for one in sorted(logged, key=lambda one: (one.time, one.kind, one.object))]


def event_id(event: Event, scenario: Scenario) -> str:
    return mark(scenario.name, event.kind, event.object, f"{event.time:.0f}")


def _event(event: Event, scenario: Scenario) -> Json:
    at = scenario.now + event.time
    scope = {"service": event.service, "route": event.route, "region": event.region, "tenant_share": event.share}
    data: Json = {
        "object": event.object,
        "from": event.before,
        "to": event.after,
        "scope": {k: v for k, v in scope.items() if v is not None},
    }
    if event.rollout is not None:
        data["rollout"] = {"start": rfc3339(moment(round(at))), "end": rfc3339(moment(round(at + event.rollout))), "share": 1.0}
    data["author"] = event.author or "release-bot"
    data["link"] = f"https://git.example.com/changes/{event_id(event, scenario)[:7]}"
    return {
        "specversion": "1.0",
        "id": event_id(event, scenario),
        "source": f"/ci/{event.service or scenario.world.service}",
        "type": "dev.cdevents.service.deployed.0.2.0" if event.kind == "app" else f"dev.midwatch.change.{event.kind}",
        "time": rfc3339(moment(round(at))),
        "datacontenttype": "application/json",
        "data": data,
    }

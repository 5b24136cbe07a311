"""Every hand-written replay builds, its truth is one of the catalogue's, and what it says broke can be measured."""

import json
from dataclasses import replace

import pytest

from bot.checks import load
from bot.model.change import ChangeKind
from bot.simulator.bundle import build
from bot.simulator.causes import CAUSES
from bot.simulator.run import SYMPTOMS, simulate
from bot.simulator.tales import REPLAYS, TALES
from bot.simulator.validate import SEEN, shift

SLICE_KEYS = {
    "tenant", "route", "region", "locale", "provider", "model_requested", "model_served", "prompt_name", "prompt_version", "tool",
    "source_id", "app_version", "device_class", "guardrail_policy_version",
}  # fmt: skip


def test_there_are_forty_and_each_layer_has_some() -> None:
    assert len(TALES) == 40
    assert {replay.cause.partition(".")[0] for replay in REPLAYS.values()} == {
        "model", "prompt", "retrieval", "tool", "cost", "infra", "telemetry", "none",
    }  # fmt: skip
    assert {check.slug.partition(".")[0] for check in load()} >= {replay.cause.partition(".")[0] for replay in REPLAYS.values()}


@pytest.mark.parametrize("name", sorted(REPLAYS))
def test_a_replay_names_what_there_is(name: str) -> None:
    told = REPLAYS[name]
    assert told.cause in CAUSES
    assert set(told.accept) <= set(CAUSES)
    assert told.sli in SYMPTOMS
    assert {key for key, _ in told.slice} <= SLICE_KEYS
    assert told.onset > 0
    if told.changed is not None:
        assert told.changed[0] in set(ChangeKind)
    world = told.world()
    if told.text is not None:
        assert world.prompt(told.text[0]).version != told.text[1] or told.meta


@pytest.mark.parametrize("name", sorted(REPLAYS))
def test_a_replay_builds_and_its_truth_can_be_measured(name: str) -> None:
    told, tale = REPLAYS[name], TALES[name](None)
    story = build(tale.scenario, tale.profile, tale.extras)
    assert story.truth["causes"] == [told.cause]
    assert story.truth["verdict"] == ("no_fault" if told.cause.startswith("none.") else "fault")
    assert story.truth["slice"] == dict(told.slice)
    assert "{value}" not in story.page.body.decode()
    assert isinstance(story.truth["requests"], int) and story.truth["requests"] > 1_000
    assert json.loads(story.page.body)
    ends = [int(s["endTimeUnixNano"]) for row in story.otlp for r in row["resourceSpans"] for sc in r["scopeSpans"] for s in sc["spans"]]
    assert -30 < max(ends) / 1e9 - story.received_at < 5
    if told.judged:
        moved = shift(simulate(tale.scenario), simulate(replace(tale.scenario, faults=())))
        if told.cause == "none.mix_shift":
            assert moved < SEEN, "inside the slice nothing got worse"
            return
        assert moved >= SEEN, f"the symptom {told.sli} moved by {moved:.1f} standard errors in {told.slice}"

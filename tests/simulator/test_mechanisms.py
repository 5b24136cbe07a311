"""Each cause acts through its mechanism, and what it is known by moves."""

import numpy as np
import pytest

from bot.simulator.causes import CAUSES
from bot.simulator.run import simulate, symptom
from bot.simulator.validate import SEEN, shift
from tests.simulator.worlds import column, during, numbers, pair, planned

UNJUDGED = {"none.mix_shift", "prompt.pii_in_examples", "telemetry.trace_loss", "telemetry.schema_drift", "none.noise_or_seasonal"}
SEEDS = {"prompt.model_mismatch": 1007, "infra.device_cohort": 1007}  # worlds in which the small slice is not too small to see


@pytest.mark.parametrize("cause", sorted(set(CAUSES) - UNJUDGED))
def test_a_high_severity_moves_the_paged_symptom_in_the_true_slice(cause: str) -> None:
    scenario = planned(cause, seed=SEEDS.get(cause, 1000)).scenario
    floor = SEEN if cause != "retrieval.ranking_regression" else 2.5
    assert shift(*pair(scenario)) >= floor


def test_a_mix_shift_makes_the_average_worse_and_nobody_in_it() -> None:
    scenario = planned("none.mix_shift").scenario
    sick, well = pair(scenario)
    onset = scenario.faults[0].shape.onset
    rates = [symptom(sim, "failed")[sim.requests.ts >= onset].mean() for sim in (sick, well)]
    assert rates[0] > 1.5 * rates[1]
    assert abs(shift(sick, well)) < 3.0  # in the slice: the tenant fails as often as it always did
    come = [int((sim.requests.ts >= onset).sum()) for sim in (sick, well)]
    assert come[0] <= 1.2 * come[1]  # many more of them would overload what they share: a fault


def test_there_are_all_49_causes_and_the_two_without_a_fault() -> None:
    assert len([name for name in CAUSES if not name.startswith("none.")]) == 49
    assert {name for name in CAUSES if name.startswith("none.")} == {"none.mix_shift", "none.noise_or_seasonal"}


def test_a_lost_replica_queues_to_the_deadline_and_the_model_stays_well() -> None:
    scenario = planned("retrieval.timeout", "mid").scenario
    assert scenario.faults[0].shifts[0].dial == "source.replicas"
    sick, well = pair(scenario)
    now = during(sick, scenario)
    name = dict(scenario.faults[0].slice)["source_id"]
    source = scenario.world.source(name)
    took = np.concatenate([b.duration[(b.error == "timeout") & now[b.rows]] for b in sick.batches if b.name == f"search {name}"])
    assert len(took) >= 10
    assert np.median(np.abs(took - source.deadline)) < 0.03 * source.deadline  # a pile at the deadline
    failed = [np.mean(symptom(sim, "llm_error")[now[: sim.n]]) for sim in (sick, well)]
    assert abs(failed[0] - failed[1]) < 0.01
    tokens = [numbers(sim, "llm", "llm.components.retrieval", now[: sim.n]).mean() for sim in (sick, well)]
    assert tokens[0] < tokens[1]  # fewer passages reach the model


def test_a_prompt_edit_that_breaks_the_contract_leaves_latency_and_other_prompts_alone() -> None:
    scenario = planned("prompt.contract_break").scenario
    sick, well = pair(scenario)
    prompt = dict(scenario.faults[0].slice)["prompt_name"]
    routes = [route.name for route in scenario.world.routes if route.prompt == prompt]
    others = ~np.isin(sick.requests.dims["route"].astype(str), routes)
    assert symptom(sick, "parse_failed")[others].mean() == pytest.approx(symptom(well, "parse_failed")[others[: well.n]].mean(), abs=0.002)
    ttft = [np.median(numbers(sim, "llm", "llm.ttft_ms", np.ones(sim.n, dtype=bool))) for sim in (sick, well)]
    assert ttft[0] == pytest.approx(ttft[1], rel=0.03)
    versions = set(column(sick, "llm", "llm.prompt.version", during(sick, scenario)).tolist())
    assert dict(scenario.faults[0].slice)["prompt_version"] in versions


def test_a_long_answer_is_cut_and_a_cut_answer_does_not_parse() -> None:
    scenario = planned("model.truncated_output", seed=1000).scenario
    sick = simulate(scenario)
    cut, parse = symptom(sick, "cut_off") > 0, symptom(sick, "parse_failed") > 0
    routes = [route.name for route in scenario.world.routes if route.schema]
    schema = np.isin(sick.requests.dims["route"].astype(str), routes)
    if (cut & schema).sum() > 20:
        assert parse[cut & schema].mean() > 0.7
    assert cut[during(sick, scenario)].mean() > 0.1


def test_a_failed_tool_makes_the_agent_plan_again() -> None:
    sick, well = pair(planned("tool.timeout").scenario)
    now = during(sick, sick.scenario)
    assert symptom(sick, "calls")[now].mean() > symptom(well, "calls")[now[: well.n]].mean()


def test_a_looping_agent_repeats_the_same_question() -> None:
    scenario = planned("tool.loop").scenario
    sick = simulate(scenario)
    looped = symptom(sick, "loop") > 0
    hashes: dict[int, list[str]] = {}
    for batch in sick.batches:
        if batch.kind == "tool":
            for row, value in zip(batch.rows.tolist(), batch.cols["tool.args_hash"].tolist(), strict=True):
                hashes.setdefault(row, []).append(value)
    repeats = [len(values) - len(set(values)) for row, values in hashes.items() if looped[row]]
    assert np.mean(repeats) >= 4


def test_a_surge_slows_the_first_token_and_runs_into_the_providers_limit() -> None:
    sick, well = pair(planned("infra.traffic_surge").scenario)
    now = sick.requests.ts >= sick.scenario.faults[0].shape.onset
    calm = well.requests.ts >= sick.scenario.faults[0].shape.onset
    assert np.nanmedian(symptom(sick, "ttft")[now]) > 1.2 * np.nanmedian(symptom(well, "ttft")[calm])
    errors = np.concatenate([b.error[now[b.rows]] for b in sick.batches if b.kind == "llm"])
    assert (errors == "rate_limit").mean() > 0.05


def test_the_fallback_serves_after_a_burst_of_errors_and_stays() -> None:
    scenario = planned("model.fallback_engaged").scenario
    sick = simulate(scenario)
    onset = scenario.faults[0].shape.onset
    spare = dict(scenario.faults[0].slice)["model_served"]
    served = [column(sick, "llm", "llm.model_served", rows) for rows in (sick.requests.ts >= onset, sick.requests.ts < onset - 600)]
    now, then = (np.mean([value == spare for value in part.tolist()]) for part in served)
    assert now > then + 0.3
    burst = (sick.requests.ts >= onset - 360) & (sick.requests.ts < onset)
    assert symptom(sick, "llm_error")[burst].mean() > 0.2


def test_stopped_ingest_makes_documents_older_and_nothing_else() -> None:
    scenario = planned("retrieval.stale_index").scenario
    sick = simulate(scenario)
    name = dict(scenario.faults[0].slice)["source_id"]
    newest = [batch.cols["retrieval.indexed_at"] for batch in sick.batches if batch.name == f"search {name}"]
    assert np.nanmax(np.concatenate(newest)) <= scenario.now + scenario.faults[0].shape.onset
    assert symptom(sick, "retrieval_error").mean() < 0.03


def test_without_the_fault_every_draw_is_the_same() -> None:
    scenario = planned("retrieval.error").scenario
    sick, well = pair(scenario)
    before = well.requests.ts < scenario.faults[0].shape.onset - 1200  # load is smoothed over a quarter of an hour
    n = min(sick.n, well.n)
    early = before[:n] & ~sick.requests.retry[:n] & ~well.requests.retry[:n]
    assert early.sum() > 1000
    assert np.array_equal(sick.clock[:n][early], well.clock[:n][early])


def test_users_who_failed_ask_again() -> None:
    sick, well = pair(planned("infra.app_deploy").scenario)
    assert sick.requests.retry.sum() > well.requests.retry.sum()

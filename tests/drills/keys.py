"""Keys of drills written down by hand, so that a mark can be tested without making an incident."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bot.drills.marking.key import Key, Vocabulary, vocabulary
from bot.evaluation.truth import Truth
from bot.model.change import Change
from bot.model.drill import DrillType
from bot.model.page import Page
from bot.model.report import Report, Verdict
from bot.shelf.read import read_folders

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 2, 7, tzinfo=UTC).timestamp()
ONSET = datetime(2026, 3, 1, 22, 4, tzinfo=UTC).timestamp()
BANNER = {"id": "c-banner", "time": "2026-03-01T22:00:00Z", "kind": "flag", "object": "spring-sale-banner", "from": "off", "to": "on"}
RELEASE = {"id": "c-app", "time": "2026-03-01T21:50:00Z", "kind": "app", "object": "assistant", "from": "840", "to": "841"}


@cache
def words() -> Vocabulary:
    return vocabulary([one.runbook for one in read_folders([ROOT / "runbooks"]).documents])


def report(**changed: object) -> Report:
    """What the engine says of the replica that was lost."""
    found = {"outcome": "found", "check": "retrieval.timeout", "numbers": {}}
    body: dict[str, object] = {
        "verdict": "fault",
        "layer": "retrieval",
        "cause": "retrieval.timeout",
        "confidence": 0.9,
        "layer_confidence": 0.97,
        "ranked": [
            {"cause": "retrieval.timeout", "layer": "retrieval", "confidence": 0.9},
            {"cause": "model.ttft_regression", "layer": "model", "confidence": 0.02},
        ],
        "onset": {"at": "2026-03-01T22:03:00Z", "earliest": "2026-03-01T21:56:00Z", "latest": "2026-03-01T22:05:00Z", "shape": "step"},
        "slice": {
            "where": {"source_id": "kb-search"},
            "equivalent": [{"route": "/v1/ask"}, {"source_id": "kb-search", "index_version": "kb-57"}],
            "share_of_traffic": 0.8,
            "share_of_excess": 1.0,
        },
        "impact": {"bad": 190, "total": 1621, "baseline_rate": 0.016, "rate": 0.117, "excess_bad": 164},
        "findings": [
            {**found, "id": "F1", "claim": "retrievals from kb-search time out: 14.1 % (185 of 1311), was 0.32 %", "n": 1311},
            {
                **found,
                "id": "F2",
                "claim": "requests that first went wrong in retrieval: 99.3 % of the excess",
                "numbers": {"origin_share": 1},
            },
            {"id": "F3", "check": "model.provider_incident", "outcome": "clean", "claim": "provider errors: 0.07% -> 0.16%, n=627"},
            {"id": "F4", "check": "model.ttft_regression", "outcome": "clean", "claim": "time to first token at equal input size: x1.04"},
            {"id": "F5", "check": "retrieval.stale_index", "outcome": "skipped", "claim": "skipped: no retrieval.indexed_at"},
        ],
        "not_checked": [{"check": "retrieval.stale_index", "missing": ["retrieval.indexed_at"]}],
        "observability": 0.95,
        "engine": {"version": "0", "config_hash": "0", "input_hash": "0"},
    }
    return Report.model_validate(body | changed)


def key(
    cause: str | None = "retrieval.timeout",
    *,
    kind: DrillType = DrillType.PAGE,
    where: dict[str, str] | None = None,
    group: tuple[str, ...] = (),
    said: Report | None = None,
    needs: tuple[str, ...] = (),
) -> Key:
    """`cause` None: nothing can be told; `none.*`: nothing is wrong."""
    verdict = Verdict.INSUFFICIENT if cause is None else Verdict.NO_FAULT if cause.startswith("none.") else Verdict.FAULT
    truth = Truth(
        verdict=verdict,
        layer=cause.partition(".")[0] if cause and verdict is Verdict.FAULT else None,
        causes=(cause,) if cause else (),
        accept=(frozenset({cause}),) if cause else (),
        slice={"source_id": "kb-search"} if where is None and verdict is Verdict.FAULT else where,
        onset=ONSET if verdict is Verdict.FAULT else None,
        red_herrings=({"id": "c-banner"}, {"id": "c-app"}),
        shape="step",
    )
    page = Page.model_validate({"source": "generic", "dedup_key": "k", "title": "12 % errors", "status": "firing", "severity": "error"})
    changes = tuple(Change.model_validate(one) for one in (RELEASE, BANNER))
    return Key("s", kind, truth, said or report(), page, NOW, changes, words(), group=frozenset(group), needs=needs)

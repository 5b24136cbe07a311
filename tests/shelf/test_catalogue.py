"""Every cause has its runbook, every runbook has what a tired engineer needs, and its queries run."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from bot.shelf.passages import sections
from bot.shelf.read import Document, read_folders
from bot.telemetry.canonical import COLUMNS, KINDS, SCHEMA, Type

ROOT = Path(__file__).parents[2] / "runbooks"
CAUSES = {
    "model": "provider_incident rate_limited quota_exhausted access_denied ttft_regression decode_slowdown silent_version_change "
    "fallback_engaged output_corruption truncated_output context_overflow refusal_shift",
    "prompt": "contract_break unresolved_reference safety_section_missing verbosity_drift bloat model_mismatch locale_regression "
    "pii_in_examples",
    "retrieval": "timeout error empty_results partial_results stale_index embedding_mismatch ranking_regression",
    "tool": "timeout error schema_break silent_empty loop selection_drift",
    "cost": "model_upsell context_growth call_fanout retry_amplification cache_collapse reasoning_growth",
    "infra": "traffic_surge abuse_injection guardrail_overblock cache_wrong_hit app_deploy network_region device_cohort",
    "telemetry": "trace_loss schema_drift judge_drift",
    "none": "mix_shift noise_or_seasonal",
}
ALL = {f"{layer}.{name}" for layer, names in CAUSES.items() for name in names.split()}
HEADINGS = (
    "Confirm in one minute",
    "First safe action",
    "Mitigate",
    "Verify",
    "Way back",
    "When to wake whom",
    "Not this if",
)
LONGEST = 150  # characters a line: a phone shows it in three
SQL = re.compile(r"```sql\n(.*?)```", re.S)

SHELVED = read_folders([ROOT])
BOOKS = {document.runbook.path: document for document in SHELVED.documents}


@pytest.fixture(params=sorted(BOOKS))
def document(request: pytest.FixtureRequest) -> Document:
    return BOOKS[request.param]


def test_every_cause_of_the_catalogue_has_its_runbook_and_nothing_else_is_there() -> None:
    assert len(ALL) == 51
    assert {path.removesuffix(".md").replace("/", ".") for path in BOOKS} == ALL
    assert SHELVED.notes == ()


def test_id_is_file_is_cause(document: Document) -> None:
    book = document.runbook
    assert book.id == book.path.removesuffix(".md").replace("/", ".")
    assert book.causes == (book.id,)
    assert book.owner
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", book.reviewed_on or "")
    assert book.groups == ()


def test_sections_are_all_there_in_order_and_none_is_empty(document: Document) -> None:
    found = sections(document.runbook.body)
    assert tuple(heading for heading, _ in found) == (document.runbook.title, *HEADINGS)
    assert all(text for _, text in found)


def test_it_can_be_read_at_two_in_the_morning(document: Document) -> None:
    lines = document.runbook.body.splitlines()
    assert 40 <= len(lines) <= 85
    assert [line for line in lines if len(line) > LONGEST] == []


def test_what_to_do_next_has_a_check_and_a_way_back(document: Document) -> None:
    steps = document.runbook.next
    assert 1 <= len(steps) <= 2
    for step in steps:
        assert all(text.endswith(".") and 15 < len(text) < 300 for text in (step.action, step.verify, step.rollback))


def test_neighbours_are_named_by_causes_that_exist(document: Document) -> None:
    named = set(re.findall(r"`((?:" + "|".join(CAUSES) + r")\.[a-z_]+)`", document.runbook.body))
    assert named <= ALL
    assert named - {document.runbook.id}, "tells itself apart from no other cause"


def rows() -> list[dict[str, object]]:
    """Two spans of every kind around onset, every field recorded on one of them and none on the other."""
    made: list[dict[str, object]] = []
    for number, kind in enumerate(KINDS):
        identity = {
            "kind": kind,
            "trace_id": f"t{number % 3}",
            "ts": 1e9 + number * 60.0,
            "end": 1e9 + number * 60.0 + 1,
            "duration_ms": 1e3,
        }
        sample: dict[Type, object] = {"text": "timeout", "number": 2.0, "bool": True}
        made.append({**{column: sample[type_] for column, type_ in COLUMNS.items()}, **identity, "span_id": f"s{number}", "parent_id": ""})
        made.append({**identity, "span_id": f"n{number}", "parent_id": None})
    return made


@pytest.fixture(scope="module")
def tables() -> tuple[pa.Table, ...]:
    return pa.Table.from_pylist([], schema=SCHEMA), pa.Table.from_pylist(rows(), schema=SCHEMA)


def test_every_query_runs_on_the_canonical_table(document: Document, tables: tuple[pa.Table, ...]) -> None:
    queries = SQL.findall(document.runbook.body)
    assert queries, "no query to paste"
    for table in tables:
        with duckdb.connect() as connection:
            connection.register("spans", table)
            for query in queries:
                wanted = {name: 1e9 + 300 for name in ("onset", "now") if f"${name}" in query}
                connection.execute(query, wanted).fetch_arrow_table()

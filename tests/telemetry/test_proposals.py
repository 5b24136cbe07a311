"""Undeclared attributes: what is proposed for them, what is not, and that a proposal can be declared as it stands."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.cli.doctor import yaml_of
from bot.telemetry.declared import declare
from bot.telemetry.otlp import read_json
from bot.telemetry.proposals import ENOUGH, Proposal, propose
from bot.telemetry.seen import coverage, unmapped, words
from bot.telemetry.synonyms import PHRASES
from tests.telemetry.wire import body, span

RETRIEVER = {"openinference.span.kind": "RETRIEVER"}
MODEL = {"openinference.span.kind": "LLM"}
OTHER: dict[str, Any] = {}


def table(rows: list[dict[str, Any]], root: bool = False) -> Any:
    parent = {"parentSpanId": ""} if root else {}
    return read_json(body(*(span(row, spanId=f"{at + 1:016x}", **parent) for at, row in enumerate(rows)))).spans


def proposed(attribute: str, values: list[Any], around: dict[str, Any], root: bool = False) -> Proposal | None:
    found = propose(table([{**around, attribute: value} for value in values], root))
    assert len(found) <= 1
    return found[0] if found else None


def test_names_are_read_word_by_word() -> None:
    assert words("app.docsFound_total-HTTPCode2") == ("app", "docs", "found", "total", "http", "code", "2")


@pytest.mark.parametrize(
    ("attribute", "values", "around", "to"),
    [
        ("shop.docs_found", [3, 0, 5, 2, 1], RETRIEVER, "retrieval.n_returned"),
        ("shop.numHits", [3, 0, 5, 2, 1], RETRIEVER, "retrieval.n_returned"),
        ("shop.max_hits", [9, 9, 9, 9, 9], RETRIEVER, "retrieval.top_k"),
        ("shop.best_similarity", [0.9, 0.8, 0.7, 0.6, 0.5], RETRIEVER, "retrieval.scores.top"),
        ("shop.corpus.build", ["b1", "b2", "b1", "b1", "b1"], RETRIEVER, "retrieval.index_version"),
        ("shop.kb_name", ["faq", "faq", "manual", "faq", "faq"], RETRIEVER, "retrieval.source_id"),
        ("shop.answer_language", ["de", "en", "en", "en", "fr"], MODEL, "llm.output.lang"),
        ("shop.template.rev", ["7", "7", "8", "7", "7"], MODEL, "llm.prompt.version"),
        ("shop.declined", [True, False, False, False, False], MODEL, "llm.output.refusal"),
        ("acme.tool_args_hash", ["ab", "cd", "ef", "ab", "cd"], {"openinference.span.kind": "TOOL"}, "tool.args_hash"),
        ("acme.retrieval_shards_failed", [0, 0, 1, 0, 0], OTHER, "retrieval.shards_failed"),
    ],
)
def test_what_a_team_calls_it(attribute: str, values: list[Any], around: dict[str, Any], to: str) -> None:
    found = proposed(attribute, values, around)
    assert found is not None
    assert (found.attribute, found.to, found.values, found.count, found.share) == (attribute, to, None, 5, 1.0)


def test_the_customer_on_the_request() -> None:
    found = proposed("shop.customer_slug", ["acme", "b", "c", "d", "e"], OTHER, root=True)
    assert found is not None
    assert (found.to, found.kind) == ("request.tenant", "request")


@pytest.mark.parametrize(
    ("attribute", "values", "around"),
    [
        ("shop.docs_found", ["some", "none", "some", "none", "some"], RETRIEVER),  # a count is a number
        ("shop.docs_found", [3, 0, 5, 2, 1], MODEL),  # a model call finds no documents
        ("shop.docs_found", [3, 0, 5, 2], RETRIEVER),  # too few to tell
        ("shop.docs_found_limit_score", [3, 0, 5, 2, 1], RETRIEVER),
        ("shop.colour", ["red", "red", "red", "blue", "red"], RETRIEVER),
        ("shop.declined", [3, 4, 5, 6, 7], MODEL),  # not a yes or no
        ("shop.number", [3, 4, 5, 6, 7], MODEL),
    ],
)
def test_what_is_left_alone(attribute: str, values: list[Any], around: dict[str, Any]) -> None:
    assert proposed(attribute, values, around) is None


def test_enough_is_five() -> None:
    assert ENOUGH == 5


def test_a_field_that_is_recorded_anyway_is_not_proposed_again() -> None:
    rows = [{**RETRIEVER, "shop.docs_found": 3, "db.vector.query.result_count": 3, "app.retrieval.n_returned": 3} for _ in range(6)]
    assert propose(table(rows)) == []


def test_of_two_attributes_for_one_field_the_better_known_stands() -> None:
    rows = [{**RETRIEVER, "shop.docs_found": 3, "acme.retrieval_n_returned": 4} for _ in range(6)]
    assert [one.attribute for one in propose(table(rows))] == ["acme.retrieval_n_returned"]


def test_their_words_are_mapped_to_ours() -> None:
    guard = proposed(
        "shop.moderation_decision", ["denied", "passed", "masked", "passed", "passed"], {"openinference.span.kind": "GUARDRAIL"}
    )
    assert guard is not None
    assert (guard.to, guard.values) == ("guardrail.action", {"denied": "block", "masked": "modify", "passed": "allow"})
    parser = proposed("shop.parse_failed", [True, False, False, True, False], OTHER)
    assert parser is not None
    assert (parser.to, parser.values) == ("parser.ok", {"false": True, "true": False})


def test_a_proposal_declared_as_it_stands_fills_the_field() -> None:
    rows = [
        {**RETRIEVER, "shop.docs_found": 3},
        {"openinference.span.kind": "GUARDRAIL", "shop.moderation_decision": "denied"},
        {"shop.parse_failed": True},
    ] * 6  # fmt: skip
    raw = body(*(span(row, spanId=f"{at + 1:016x}") for at, row in enumerate(rows)))
    declared = declare(yaml.safe_load(yaml_of(propose(read_json(raw).spans)))["attributes"])
    spans = read_json(raw, declared=declared).spans
    held = {(row["kind"], row["n_returned"], row["guardrail_action"], row["parser_ok"]) for row in spans.to_pylist()}
    assert held == {("retrieval", 3.0, None, None), ("guardrail", None, "block", None), ("parser", None, None, False)}
    assert propose(spans) == []


def test_coverage_counts_what_is_recorded_on_each_kind() -> None:
    rows = [{**MODEL, "llm.token_count.prompt": 7}, MODEL, RETRIEVER]
    found = {(one.kind, one.field): (one.count, one.spans) for one in coverage(table(rows))}
    assert found[("llm", "tokens.input")] == (1, 2)
    assert found[("llm", "tokens.output")] == (0, 2)
    assert found[("retrieval", "n_returned")] == (0, 1)
    assert not any(kind == "tool" for kind, _ in found)


def test_hostile_names_and_values() -> None:
    rows = [
        {**RETRIEVER, "\x1b[31m" + "x" * 5_000: "v", "docs found\n": 3, "": 1, "shop.docs_found": value}
        for value in ("nan", "1e999", "7", "8", "9")
    ]
    for one in unmapped(table(rows)):
        assert len(one.name) <= 200
    propose(table(rows))


def test_every_phrase_is_for_a_field_that_exists() -> None:
    from bot.telemetry.canonical import field_of

    assert [path for path in PHRASES if field_of(path) is None] == []

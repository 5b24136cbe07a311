"""Values as teams write them, read by the field they stand for."""

import pytest

from bot.telemetry.canonical import field_of
from bot.telemetry.meaning import reader

READ = [
    ("request.feedback.thumb", ["up", "Thumbs-Down", "👍", "like", True, False], [1, -1, 1, 1, 1, -1]),
    ("request.feedback.thumb", [1, 0, -1, 0.5, "-1", "maybe", None], [1, -1, -1, 1, -1, None, None]),
    ("retrieval.indexed_at", ["2026-03-04T00:50:51Z", 1772585451, 1772585451000, "soon"], [1772585451, 1772585451, 1772585451, None]),
    ("llm.finish", ["max_tokens", ["end_turn"], "FinishReason.STOP", ""], ["length", "stop", "stop", None]),
    ("llm.error.class", ["rate_limit", "RateLimitError", "ReadTimeout", "Zork"], ["rate_limit", "rate_limit", "timeout", "Zork"]),
    ("guardrail.action", ["deny", "Allowed", "masked", "block", "escalate"], ["block", "allow", "modify", "block", "escalate"]),
    ("request.outcome", ["succeeded", "error", "Canceled", "odd"], ["ok", "failed", "cancelled", "odd"]),
    ("prompt.unresolved", [2, ["name", "date"], '["name"]', [], "", "customer_name", False, "no"], [2, 2, 1, 0, 0, 1, 0, 0]),
    ("retrieval.shards_failed", [0, ["s1", "s2"], "3"], [0, 2, 3]),
    ("retrieval.doc_ids", [["a", "b\nc"], '["a", "b"]', "a\nb", []], ["a\nb c", "a\nb", "a\nb", None]),
    ("evaluator.value", [0.7, "0.7", True, "fail", "good"], [0.7, 0.7, 1, 0, None]),
    ("cache.hit", ["HIT", "miss", "stale", True, 0], [True, False, True, True, False]),
    ("parser.ok", ["valid", "error", "ok", 1], [True, False, True, True]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "given", "meant"), READ, ids=[f"{path} {len(given)}" for path, given, _ in READ])
def test_values_as_teams_write_them(path: str, given: list[object], meant: list[object]) -> None:
    field = field_of(path)
    assert field is not None
    read = reader(field)
    assert read is not None
    assert [read(value) for value in given] == meant


def test_an_id_of_a_person_is_hashed_and_a_plain_field_is_left_to_its_type() -> None:
    user, tenant = field_of("request.user_hash"), field_of("request.tenant")
    assert user is not None and tenant is not None
    read = reader(user)
    assert read is not None and read("anna@example.com") != "anna@example.com"
    assert reader(tenant) is None

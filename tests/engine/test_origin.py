"""Where a bad trace first went wrong."""

import pyarrow as pa
import pytest

from bot.engine.origin import origins
from bot.model.frame import Frame, from_arrow

Span = dict[str, object]


def frames(*spans: Span) -> tuple[Frame, Frame]:
    """(tree, requests) of one trace `t`; spans are given root first."""
    columns = ("trace", "span", "parent", "kind", "name", "ts", "end", "status", "error_class", "n_returned", "parser_ok")
    rows = []
    for i, span in enumerate(spans):
        placed = {"trace": "t", "span": str(i), "parent": "" if i == 0 else "0", "name": span["kind"], "ts": float(i), "status": "ok"}
        row = {**placed, **span}
        rows.append({"end": row["ts"] + 0.5, **row})
    rows.sort(key=lambda row: (row["trace"], row["span"]))
    tree = pa.table({name: [row.get(name) for row in rows] for name in columns})
    return from_arrow(tree), from_arrow(pa.table({"trace": ["t"], "ts": [0.0]}))


def origin(*spans: Span) -> tuple[str | None, str | None]:
    found = origins(*frames(*spans))
    return found["kind"].text(0), found["fault"].text(0)


BAD = {"status": "error"}
TIMEOUT = {"status": "error", "error_class": "timeout"}


def test_the_deepest_error_that_escapes():
    assert origin({"kind": "request", **BAD}, {"kind": "chain", **BAD}, {"kind": "tool", "parent": "1", **TIMEOUT}) == ("tool", "timeout")


def test_an_embedding_is_part_of_retrieval():
    assert origin({"kind": "request", **BAD}, {"kind": "embedding", **TIMEOUT})[0] == "retrieval"


def test_a_handled_error_is_no_origin():
    assert origin({"kind": "request"}, {"kind": "tool", **TIMEOUT}) == (None, None)


def test_a_swallowed_error_that_left_a_fault_behind():
    swallowed = ({"kind": "request"}, {"kind": "retrieval", **TIMEOUT}, {"kind": "parser", "parser_ok": False})
    assert origin(*swallowed) == ("retrieval", "timeout")


def test_a_retry_that_succeeded_is_charged_with_nothing():
    assert origin({"kind": "request"}, {"kind": "llm", **TIMEOUT}, {"kind": "llm"}, {"kind": "parser", "parser_ok": False})[0] == "parser"


def test_a_retry_that_failed_again_is_the_origin():
    assert origin({"kind": "request", **BAD}, {"kind": "llm", **TIMEOUT}, {"kind": "llm", **TIMEOUT})[0] == "llm"


def test_the_earliest_soft_fault_in_order_of_dependency():
    assert origin({"kind": "request"}, {"kind": "parser", "parser_ok": False}, {"kind": "retrieval", "n_returned": 0.0})[0] == "retrieval"


def test_a_client_that_went_away_is_no_origin():
    gone = {"kind": "llm", "status": "error", "error_class": "cancelled"}
    assert origin({"kind": "request", **BAD}, gone)[0] == "request"


def test_a_request_without_faulty_children_is_its_own_origin():
    assert origin({"kind": "request", **BAD}, {"kind": "llm"}) == ("request", "unknown")


@pytest.mark.parametrize("depth", [3, 200])
def test_a_cycle_or_a_very_deep_tree_ends(depth: int):
    spans: list[Span] = [{"kind": "request", **BAD}]
    spans += [{"kind": "chain", "parent": str(i), **BAD} for i in range(depth)]
    spans[1]["parent"] = str(depth)  # a cycle
    assert len(origins(*frames(*spans))["kind"].codes) == 1

"""Which of several names of the same requests an operator would use."""

import numpy as np
import pytest

from bot.engine.naming import renamed
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.frame import BoolArray, Codes, Frame
from bot.model.page import Page, Status
from bot.model.report import Slice

N = 400
HALF = np.arange(N) % 2 == 0
REGION = Codes(("eu", "us"), np.where(HALF, 0, 1).astype(np.int64))
PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
EVIDENCE = Evidence(
    PAGE, None, Windows(400.0, Interval(0.0, 400.0), Interval(-400.0, 0.0)), Frame(N, {"ts": np.arange(N) * 1.0}, {"region": REGION})
)


def members(**values: str) -> dict[str, tuple[tuple[str, ...], list[BoolArray]]]:
    """Dimensions of operations whose first value is on every other request, and whose second is on the rest."""
    return {name: ((value, "other"), [HALF, ~HALF]) for name, value in values.items()}


def named(cause: str, where: dict[str, str], **values: str) -> Slice:
    found = Slice(where=where, share_of_traffic=0.5, share_of_excess=1.0)
    return renamed(EVIDENCE, found, cause, HALF, members(**values))


def test_a_source_is_named_without_the_only_version_it_has():
    told = named("retrieval.timeout", {"index_version": "kb-57"}, source_id="kb-search", index_version="kb-57")
    assert told.where == {"source_id": "kb-search"}
    assert {"index_version": "kb-57"} in told.equivalent
    assert {"source_id": "kb-search", "index_version": "kb-57"} in told.equivalent


def test_a_version_of_a_prompt_is_named_with_its_prompt():
    told = named("prompt.contract_break", {"prompt_version": "v8"}, prompt_name="qa", prompt_version="v8")
    assert told.where == {"prompt_name": "qa", "prompt_version": "v8"}


@pytest.mark.parametrize(("cause", "first"), [("model.provider_incident", "provider"), ("infra.network_region", "region")])
def test_each_layer_has_its_usual_words(cause: str, first: str):
    assert list(named(cause, {"region": "eu"}, provider="openai").where) == [first]


def test_too_few_requests_keep_the_name_they_came_with():
    few = np.arange(N) < 10
    found = Slice(where={"index_version": "kb-57"}, share_of_traffic=0.02, share_of_excess=1.0)
    assert renamed(EVIDENCE, found, "retrieval.timeout", few, members(source_id="kb-search")) == found

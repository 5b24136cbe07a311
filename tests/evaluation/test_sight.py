"""What the telemetry lets be seen of the truth."""

import numpy as np

from bot.evaluation.answer import ToldChange
from bot.evaluation.sight import herrings, members, sight
from bot.model.change import Change, ChangeKind
from bot.model.frame import Codes, Frame
from bot.model.value import moment
from tests.evaluation.made import BREAK, TIMEOUT, fault, said

NOW = 10_000.0


def codes(*values: str) -> Codes:
    known = tuple(sorted({value for value in values if value}))
    return Codes(known, np.array([known.index(value) if value else -1 for value in values]))


REQUESTS = Frame(6, {"ts": np.arange(6) * 1000.0 + 4000.0}, {"tenant": codes("a", "a", "b", "b", "b", ""), "region": codes(*"eeeeww")})
SEARCHES = Frame(4, {"request": np.array([0.0, 1.0, 2.0, np.nan])}, {"source_id": codes("kb", "web", "kb", "kb"), "shard": codes(*"1121")})
OPS = {"retrieval": SEARCHES}


def test_a_slice_is_of_requests_or_of_what_they_did() -> None:
    def rows(**where: str) -> list[int] | None:
        found = members(where, REQUESTS, OPS)
        return None if found is None else np.flatnonzero(found).tolist()

    assert rows(tenant="b") == [2, 3, 4]
    assert rows(tenant="a|b", region="e") == [0, 1, 2, 3]
    assert rows(source_id="kb") == [0, 2]
    assert rows(source_id="kb", shard="1") == [0]  # on one and the same search
    assert rows(source_id="kb", tenant="a") == [0]
    assert rows(pod="p1") is None


def test_the_same_people_in_other_words_and_how_many_they_are() -> None:
    truth = fault(TIMEOUT, slice={"tenant": "b"}, onset=5500.0)
    found = sight(truth, said(TIMEOUT, where={"region": "e"}), NOW, REQUESTS, OPS, None)
    assert found.slice_recorded
    assert found.jaccard == 2 / 3  # since the onset: b has rows 2, 3 and 4; e has 2 and 3
    assert (found.traffic, found.told_traffic) == (0.75, 0.5)
    everybody = sight(truth, said(TIMEOUT), NOW, REQUESTS, OPS, None)
    assert (everybody.jaccard, everybody.told_traffic) == (0.75, 1.0)


def test_a_slice_that_nobody_recorded_cannot_be_named() -> None:
    unknown = fault(TIMEOUT, slice={"pod": "p1"}, onset=5500.0)
    assert sight(unknown, said(TIMEOUT), NOW, REQUESTS, OPS, None).slice_recorded is False
    renamed = fault(TIMEOUT, slice={"tenant": "hashed-away"}, onset=5500.0)
    assert sight(renamed, said(TIMEOUT), NOW, REQUESTS, OPS, None).slice_recorded is False
    assert sight(unknown, said(TIMEOUT), NOW, None, {}, None).slice_recorded is False
    assert sight(fault(TIMEOUT), said(TIMEOUT), NOW, REQUESTS, OPS, None).slice_recorded is None


def change(name: str, at: float, kind: ChangeKind = ChangeKind.PROMPT, object_: str = "chat") -> Change:
    return Change(id=name, time=moment(at), kind=kind, object=object_)


def test_a_red_herring_is_known_by_its_id_its_object_or_its_facts() -> None:
    log = (change("e1", 100.0), change("e2", 200.0, ChangeKind.APP, "api"), change("e3", 300.0, ChangeKind.FLAG, "fast"))

    def ids(*listed: dict[str, str]) -> list[str]:
        return [one.id for one in herrings(listed, log)]

    assert ids({"id": "e1"}, {"id": "gone"}) == ["e1"]
    assert ids({"id": "api"}) == ["e2"]
    assert ids({"kind": "flag", "object": "fast"}) == ["e3"]
    assert ids({"time": "1970-01-01T00:03:20Z"}) == ["e2"]
    assert ids({"id": "e2", "kind": "prompt"}) == ["e2"]
    assert ids({"note": "something"}) == []


def test_a_herring_is_blamed_when_the_report_suspects_it() -> None:
    log = (change("e1", 100.0), change("e2", 200.0))
    truth = fault(TIMEOUT, red_herrings=({"id": "e1"}, {"id": "e2"}, {"id": "never-logged"}))
    told = (ToldChange(100.0, "prompt", "chat", False), ToldChange(200.0, "prompt", "chat", True))
    found = sight(truth, said(BREAK, changes=told), NOW, None, {}, log)
    assert (found.herrings, found.blamed) == (2, 1)
    assert found.day == "1970-01-01"

"""Change events: CloudEvents of our kinds and CDEvents, in every mode they are sent in."""

import json
from typing import Any

import pytest

from bot.errors import BadInput
from bot.pages.changes import kinds, parse_changes, read_changes_jsonl

OURS: dict[str, Any] = {
    "specversion": "1.0",
    "id": "c-1",
    "source": "/ci/assistant",
    "type": "dev.midwatch.change.prompt",
    "time": "2026-03-02T01:00:00Z",
    "data": {
        "object": "answer",
        "from": "v3",
        "to": "v4",
        "scope": {"service": "assistant", "route": "/chat", "region": "eu", "tenant_share": 0.1},
        "rollout": {"start": "2026-03-02T01:00:00Z", "end": "2026-03-02T01:30:00Z", "share": 0.5},
        "author": "jane",
        "link": "https://git.example.com/c/1",
    },
}
CDEVENT: dict[str, Any] = {
    "context": {
        "version": "0.4.1",
        "id": "271069a8-fc18-44f1-b38f-9d70a1695819",
        "source": "/deployer",
        "type": "dev.cdevents.service.deployed.0.2.0",
        "timestamp": "2026-03-02T01:00:00.5Z",
    },
    "subject": {
        "id": "assistant",
        "type": "service",
        "content": {"environment": {"id": "prod"}, "artifactId": "pkg:oci/assistant@sha256:ab"},
    },
}


def one(event: object, headers: dict[str, str] | None = None) -> dict[str, Any]:
    (change,) = parse_changes(json.dumps(event).encode(), headers or {})
    return change.model_dump(mode="json", by_alias=True)


def test_one_of_ours_whole() -> None:
    assert one(OURS) == {
        "id": "c-1",
        "time": "2026-03-02T01:00:00Z",
        "kind": "prompt",
        "object": "answer",
        "from": "v3",
        "to": "v4",
        "scope": {"service": "assistant", "route": "/chat", "region": "eu", "tenant_share": 0.1},
        "rollout": {"start": "2026-03-02T01:00:00Z", "end": "2026-03-02T01:30:00Z", "share": 0.5},
        "author": "jane",
        "link": "https://git.example.com/c/1",
    }


def test_every_kind_is_taken() -> None:
    types = [kind for kind in kinds() if "<" not in kind]
    assert len(types) == 12
    for kind in types:
        assert one({**OURS, "type": kind})["kind"] == kind.rpartition(".")[2]


def test_what_was_not_said_is_none_and_an_empty_text_is_a_recorded_nothing() -> None:
    told = one({**OURS, "data": {"object": "flag-x", "from": "", "to": {"on": True}}})
    assert (told["from"], told["to"]) == ("", '{"on":true}')
    assert told["scope"] == {"service": None, "route": None, "region": None, "tenant_share": None}
    assert told["rollout"] is None


@pytest.mark.parametrize("event", [CDEVENT, {**OURS, "type": CDEVENT["context"]["type"], "id": "e", "data": CDEVENT}])
def test_a_service_deployed_is_an_app_change(event: dict[str, Any]) -> None:
    told = one(event)
    assert (told["kind"], told["object"], told["to"], told["scope"]["service"]) == (
        "app",
        "assistant",
        "pkg:oci/assistant@sha256:ab",
        "assistant",
    )
    assert told["time"].startswith("2026-03-02T01:00:00")


def test_a_cdevents_type_with_our_data() -> None:
    told = one({**OURS, "type": "dev.cdevents.service.rolledback.0.2.0"})
    assert (told["kind"], told["object"], told["from"], told["to"]) == ("app", "answer", "v3", "v4")


@pytest.mark.parametrize(
    "kind", ["dev.cdevents.build.finished.0.2.0", "dev.cdevents.testsuiterun.started.0.2.0", "com.github.push", "dev.cdevents.service"]
)
def test_what_changes_nothing_in_production_is_no_change(kind: str) -> None:
    assert parse_changes(json.dumps({**OURS, "type": kind}).encode(), {}) == ()


def test_a_batch_keeps_its_order() -> None:
    batch = [{**OURS, "id": "b"}, {**OURS, "type": "com.github.push"}, {**OURS, "id": "a"}]
    assert [change.id for change in parse_changes(json.dumps(batch).encode(), {})] == ["b", "a"]


def test_binary_mode() -> None:
    headers = {
        "Ce-Specversion": "1.0",
        "Ce-Id": "c-9",
        "Ce-Type": "dev.midwatch.change.flag",
        "Ce-Time": "2026-03-02T01:00:00Z",
        "Ce-Source": "/flags",
    }
    told = one({"object": "new-ranker", "to": "on"}, headers)
    assert (told["id"], told["kind"], told["object"], told["to"]) == ("c-9", "flag", "new-ranker", "on")


def test_an_event_without_an_id_is_told_from_others_by_what_it_says() -> None:
    plain = {name: value for name, value in OURS.items() if name != "id"}
    assert one(plain)["id"] == one(plain)["id"] != one({**plain, "time": "2026-03-02T01:00:01Z"})["id"]


def test_a_link_that_is_no_web_address_is_dropped() -> None:
    assert one({**OURS, "data": {"object": "x", "link": "javascript:alert(1)"}})["link"] is None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ([1], "body: [0]: expected a CloudEvent"),
        ("x", "body: expected a CloudEvent"),
        ({}, "body: type: no type"),
        ({**OURS, "type": "dev.midwatch.change.magic"}, "body: type: unknown kind of change 'magic'"),
        ({**OURS, "time": None}, "body: time: no time"),
        ({**OURS, "time": "yesterday"}, "body: time: no time, or one that cannot be read: yesterday"),
        ({**OURS, "data": 3}, "body: data: expected an object, found a number"),
        (
            {**OURS, "data": {"object": "x", "scope": {"tenant_share": 3}}},
            "body: data.scope.tenant_share: a share must be a number from 0 to 1",
        ),
        ({**OURS, "data": {"object": "x", "rollout": {"share": "all"}}}, "body: data.rollout.share: a share must be"),
        ([OURS] * 1_001, "body: 1001 events"),
    ],
)
def test_what_cannot_be_read_is_named(event: object, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_changes(json.dumps(event).encode(), {})
    assert str(caught.value).startswith(said)


def test_changes_jsonl_is_sorted_by_time_and_names_the_bad_line() -> None:
    late = json.dumps({**OURS, "id": "late", "time": "2026-03-02T03:00:00Z"})
    early = json.dumps({**OURS, "id": "early"})
    assert [change.id for change in read_changes_jsonl([late, "", early.encode()], "changes.jsonl")] == ["early", "late"]
    assert read_changes_jsonl([], "changes.jsonl") == ()
    with pytest.raises(BadInput, match=r"changes.jsonl:3: not JSON"):
        read_changes_jsonl([late, early, '{"a'], "changes.jsonl")
    with pytest.raises(BadInput, match=r"changes.jsonl:2: time: no time"):
        read_changes_jsonl([late, json.dumps({**OURS, "time": 3})], "changes.jsonl")

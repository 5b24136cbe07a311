"""The hooks towards those who are not what they say: replays, refusals, floods, secrets in changes; and doors that tell of changes."""

import json

from tests.web.doors import sign, site
from tests.web.test_hooks import PAGE, post


async def test_a_replay_of_a_signed_delivery_changes_nothing_whatever_its_unsigned_headers_say() -> None:
    one = site()
    raw = json.dumps(PAGE).encode()
    for number in range(3):
        await post(one.app, "/hooks/signed", raw, x_signature=sign(raw), x_delivery=f"d{number}")
    assert (one.records.rows["INC-1"].alerts, one.work.asked) == (1, ["INC-1:1"])


async def test_changes_of_one_system_have_a_door_of_their_own() -> None:
    one = site()
    raw = b'{"id": "c1", "time": "2026-03-02T02:00:00Z", "kind": "prompt", "object": "answer", "from": "v1", "to": "v2"}'
    assert (await post(one.app, "/hooks/changes/signed", raw)).status_code == 401
    assert (await post(one.app, "/hooks/changes/signed", raw, x_signature=sign(raw))).json() == {"changes": 1, "new": 1}
    assert (await post(one.app, "/hooks/changes/nobody", raw)).json() == {"error": "unknown source", "sources": ["cdevents", "signed"]}


async def test_a_webhook_that_tells_of_pages_and_changes_serves_both() -> None:
    one = site()
    change = b'{"id": "c1", "time": "2026-03-02T02:00:00Z", "kind": "prompt", "object": "answer"}'
    assert (await post(one.app, "/hooks/both", change)).json() == {"changes": 1, "new": 1}


async def test_a_secret_in_a_change_is_not_stored() -> None:
    one = site()
    change = {
        "id": "jane@example.com",
        "time": "2026-03-02T02:00:00Z",
        "kind": "config",
        "object": "db",
        "to": "password=hunter2",
        "author": "jane@example.com",
        "link": "https://ci.example/x?access_token=q1w2e3r4t5",
    }
    assert (await post(one.app, "/hooks/changes", json.dumps(change).encode())).status_code == 202
    (stored,) = one.records.changes.values()
    assert not any(secret in stored.model_dump_json() for secret in ("hunter2", "jane@example.com", "q1w2e3r4t5"))
    assert stored.link == "https://ci.example/x"


async def test_refusals_are_in_the_audit_log_until_the_callers_budget_is_spent() -> None:
    one = site(tokens=("tok",))
    answers = [(await post(one.app, "/hooks/plain", authorization="Bearer guess")).status_code for _ in range(80)]
    assert (answers[0], answers[-1]) == (401, 429)
    assert one.audit.said()[0] == ("delivery.received", "source:plain", "refused")
    assert one.audit.entries[0].actor == "address:127.0.0.1"
    assert len(one.audit.entries) < 80
    assert (await post(one.app, "/hooks/plain", authorization="Bearer tok")).status_code == 202  # the right one always passes


async def test_more_than_the_rate_is_told_to_come_again_and_is_not_lost() -> None:
    one = site(rate=1.0)
    answers = [await post(one.app, "/hooks/plain", x_delivery=f"d{number}") for number in range(12)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [503] * 2
    assert answers[-1].headers["retry-after"] == "5"
    assert one.records.rows["INC-1"].alerts == 10

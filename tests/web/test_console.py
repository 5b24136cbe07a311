"""Console, health and Slack's door."""

import asyncio
import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.model.report import Report
from bot.model.value import moment
from tests.contract.test_records import a_report
from tests.web.doors import T0, site
from tests.web.test_hooks import client, post

NASTY = "<script>alert(1)</script>"


def a_full_report() -> Report:
    report = a_report().model_dump() | {
        "onset": {"at": moment(T0), "earliest": moment(T0), "latest": moment(T0), "shape": "step"},
        "slice": {"where": {"tenant": NASTY}, "share_of_traffic": 0.1, "share_of_excess": 0.9},
        "findings": [{"id": "F1", "check": "c", "outcome": "found", "claim": NASTY}],
        "not_checked": [{"check": "c", "missing": ("doc.indexed_at",)}],
        "next": [{"action": NASTY, "verify": "v", "rollback": "r"}],
        "chart": [{"at": T0 + 60 * n, "bad": n, "total": 10} for n in range(5)],
    }
    return Report.model_validate(report)


async def test_what_grouping_knows_is_told() -> None:
    one = site()
    await post(one.app, "/hooks/plain", b'{"dedup_key": "k", "title": "t"}')
    known = one.records.rows["INC-1"]
    changed = {"quiet_until": moment(T0), "quiet_why": NASTY, "flapping": True, "reopened": (moment(T0),) * 3, "digest": 2}
    one.records.rows["INC-1"] = known.model_copy(update=changed)
    async with client(one.app) as http:
        shown = (await http.get("/incidents/INC-1")).text
    assert f"1 from {known.page.source}" in shown
    assert "nobody is told before 2026-" in shown
    assert "came back 3 times" in shown
    assert "the message of storm 2" in shown
    assert "<script" not in shown


async def test_an_incident_is_shown_with_every_text_escaped() -> None:
    one = site()
    await post(one.app, "/hooks/plain", b'{"dedup_key": "k", "title": "<script>alert(1)</script>"}')
    async with client(one.app) as http:
        waiting = (await http.get("/incidents/INC-1")).text
        assert 'http-equiv="refresh"' in waiting
        await one.records.save_report("INC-1", a_full_report())
        shown = await http.get("/incidents/INC-1")
        listed = (await http.get("/", follow_redirects=True)).text
    assert "<script" not in shown.text + listed + waiting
    assert "&lt;script&gt;" in shown.text
    for text in ("retrieval.timeout", "(91%)", "doc.indexed_at", "<polyline", "<line", "2026-03-02T02:07:00Z"):
        assert text in shown.text
    assert "http-equiv" not in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "INC-1" in listed


async def test_an_unknown_incident_is_not_found() -> None:
    async with client(site().app) as http:
        assert (await http.get("/incidents/INC-7")).status_code == 404
        assert (await http.get("/incidents/%00../x")).status_code == 404
        assert "No page" in (await http.get("/incidents")).text


async def test_the_console_is_for_this_machine_or_for_who_knows_the_password() -> None:
    one = site()
    async with client(one.app, "10.0.0.7") as http:
        assert (await http.get("/incidents")).status_code == 403
    async with client(one.app) as http:
        assert (await http.get("/incidents", headers={"host": "evil.example"})).status_code == 403
    locked = one.with_(console_tokens=("pw",))
    async with client(locked, "10.0.0.7") as http:
        asked = await http.get("/incidents")
        assert (asked.status_code, asked.headers["www-authenticate"]) == (401, 'Basic realm="midwatch"')
        for password, status in (("pw", 200), ("no", 401), ("", 401)):
            basic = base64.b64encode(f"me:{password}".encode()).decode()
            assert (await http.get("/incidents", headers={"authorization": f"Basic {basic}"})).status_code == status
        assert (await http.get("/incidents", headers={"authorization": "Basic !!"})).status_code == 401


async def test_ready_names_the_part_that_is_not() -> None:
    async def well() -> None: ...

    async def broken() -> None:
        raise ConnectionError("password=1")

    async def silent() -> None:
        await asyncio.sleep(60)

    async with client(site(ready={"records": well}).app) as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        assert (await http.get("/readyz")).json() == {"status": "ok", "parts": {"records": "ok"}}
    async with client(site(ready={"records": broken, "spans": silent, "work": well}).app) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"records": "ConnectionError", "spans": "no answer", "work": "ok"}


async def test_slack_is_handed_on_with_its_body_and_without_bad_timestamps() -> None:
    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    app: Any = site(slack=echo, limit=1000).app
    assert (await post(app, "/slack/events", b"payload=1", x_slack_request_timestamp="1772417220")).text == "payload=1"
    assert (await post(app, "/slack/events", b"payload=1", x_slack_request_timestamp="1e9")).status_code == 401
    assert (await post(app, "/slack/events", b"payload=1")).status_code == 401
    assert (await post(app, "/slack/events", b"x" * 1001, x_slack_request_timestamp="1")).status_code == 413
    assert (await post(site().app, "/slack/events", b"")).status_code == 404

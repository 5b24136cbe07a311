"""Pages in: what is stored, what is refused, and in which words."""

import asyncio
import contextlib
import json
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request

from bot.errors import SourceUnavailable
from bot.model.incident import Incident
from bot.web.answers import status_of
from bot.web.body import TooSlow, body
from tests.web.doors import T0, Site, sign, site

PAGE = {"dedup_key": "k1", "title": "12 % errors"}


def client(app: FastAPI, host: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def post(app: FastAPI, path: str, content: bytes | None = None, host: str = "127.0.0.1", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client(app, host) as http:
        return await http.post(path, content=content if content is not None else json.dumps(PAGE).encode(), headers=named)


async def test_a_page_is_stored_before_202_and_its_work_is_asked_for() -> None:
    one = site()
    answer = await post(one.app, "/hooks/plain")
    assert (answer.status_code, answer.json()) == (202, {"incidents": ["INC-1"]})
    assert one.records.rows["INC-1"].opened_at.timestamp() == T0
    assert one.work.asked == ["INC-1:1"]


async def test_several_pages_in_one_delivery_keep_their_order() -> None:
    pages = {"pages": [PAGE, {"dedup_key": "k2", "title": "b"}, PAGE]}
    answer = await post(site().app, "/hooks/plain", json.dumps(pages).encode(), x_delivery="d1")
    assert answer.json() == {"incidents": ["INC-1", "INC-2"]}


async def test_a_replayed_delivery_changes_nothing() -> None:
    one = site()
    await post(one.app, "/hooks/plain", x_delivery="d1")
    answer = await post(one.app, "/hooks/plain", x_delivery="d1")
    assert (answer.status_code, answer.json()) == (200, {"incidents": [], "duplicate": True})
    assert (one.records.rows["INC-1"].alerts, one.work.asked) == (1, ["INC-1:1"])


async def test_an_event_that_is_no_page_is_taken_quietly() -> None:
    answer = await post(site().app, "/hooks/plain", b'{"pages": []}')
    assert (answer.status_code, answer.json()) == (202, {"incidents": []})


async def test_an_unknown_source_is_told_the_known_ones() -> None:
    answer = await post(site().app, "/hooks/nagios")
    assert (answer.status_code, answer.json()) == (404, {"error": "unknown source", "sources": ["both", "knocking", "plain", "signed"]})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"dedup_key": "k',
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"12",
        b'{"title": 5, "dedup_key": []}',
        b'{"pages": [{}]}',
        b'{"a":' * 100_000,
        b"[" * 99_000,
        b'{"dedup_key": "k1", "title": "x", "surprise": 1}',
        b'{"dedup_key": "k1", "title": "x", "starts_at": "9999999-01-01"}',
    ],
)
async def test_absurd_bodies_get_one_clear_message(content: bytes) -> None:
    one = site(limit=1_000_000)
    answer = await post(one.app, "/hooks/plain", content)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]
    assert "Traceback" not in answer.text
    assert one.records.rows == {}


async def test_a_secret_in_a_page_is_not_stored() -> None:
    one = site()
    page = {"dedup_key": "k1", "title": "401 with key AKIAIOSFODNN7EXAMPLE", "labels": {"password": "hunter2hunter2"}}
    assert (await post(one.app, "/hooks/plain", json.dumps(page).encode())).status_code == 202
    stored = one.records.rows["INC-1"].model_dump_json() + str(one.records.pages[0][1])
    assert "AKIAIOSFODNN7EXAMPLE" not in stored
    assert "hunter2hunter2" not in stored


async def test_half_a_character_is_replaced_and_the_page_is_kept() -> None:
    one = site()
    assert (await post(one.app, "/hooks/plain", b'{"dedup_key": "k1", "title": "cut \\ud83d"}')).status_code == 202
    assert one.records.rows["INC-1"].title == "cut ?"


async def test_hostile_text_in_a_page_is_kept_as_text() -> None:
    page = {"dedup_key": "k" * 5000, "title": "<script>\x00 <!channel>", "description": "\u202e"}
    assert (await post(site().app, "/hooks/plain", json.dumps(page).encode())).status_code == 202


@pytest.mark.parametrize(("signature", "status"), [(sign(json.dumps(PAGE).encode()), 202), ("", 401), ("0" * 64, 401), ("é", 401)])
async def test_a_signed_source_is_verified_from_anywhere(signature: str, status: int) -> None:
    async with client(site().app, "203.0.113.9") as http:
        headers = {b"x-signature": signature.encode()} if signature else {}
        answer = await http.post("/hooks/signed", content=json.dumps(PAGE).encode(), headers=headers)
    assert answer.status_code == status


async def test_a_signature_of_another_body_is_refused() -> None:
    one = site()
    answer = await post(one.app, "/hooks/signed", b'{"dedup_key": "k2", "title": "x"}', x_signature=sign(json.dumps(PAGE).encode()))
    assert (answer.status_code, one.records.rows) == (401, {})


async def test_without_tokens_only_this_machine_is_let_in() -> None:
    app = site().app
    assert (await post(app, "/hooks/plain", host="127.0.0.1")).status_code == 202
    assert (await post(app, "/hooks/plain", host="::1")).status_code == 202
    assert (await post(app, "/hooks/plain", host="10.0.0.7")).status_code == 403
    assert (await post(app, "/hooks/plain", x_forwarded_for="203.0.113.9")).status_code == 403
    assert (await post(app, "/hooks/plain", origin="http://evil.example")).status_code == 403
    assert (await post(app, "/hooks/changes", host="10.0.0.7")).status_code == 403


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer new", 202), ("bearer old", 202), ("Bearer wrong", 401), ("Bearer ", 401), ("Basic bmV3", 401), ("", 401), ("Bearer", 401)],
)
async def test_with_tokens_every_caller_needs_one(header: str, status: int) -> None:
    app = site(tokens=("old", "new")).app
    for host in ("127.0.0.1", "203.0.113.9"):
        answer = await post(app, "/hooks/plain", host=host, **({"authorization": header} if header else {}))
        assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_change_is_stored_once() -> None:
    one = site()
    change = b'{"id": "c1", "time": "2026-03-02T02:00:00Z", "kind": "prompt", "object": "answer", "from": "v1", "to": "v2"}'
    assert (await post(one.app, "/hooks/changes", change)).json() == {"changes": 1, "new": 1}
    assert (await post(one.app, "/hooks/changes", change)).json() == {"changes": 1, "new": 0}
    assert list(one.records.changes) == ["c1"]


class DownIntake:
    async def receive(self, *_: Any, **__: Any) -> Incident | None:
        raise SourceUnavailable("postgresql://user:password@host is down")


class DownWork:
    async def triage(self, _incident: Incident) -> None:
        raise SourceUnavailable("down")


class BrokenIntake:
    async def receive(self, *_: Any, **__: Any) -> Incident | None:
        raise ZeroDivisionError("secret detail")


async def test_a_store_that_is_down_asks_the_sender_to_come_back_and_tells_no_secrets() -> None:
    answer = await post(site(intake=DownIntake()).app, "/hooks/plain")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "password" not in answer.text


async def test_work_that_cannot_start_now_does_not_lose_the_page() -> None:
    one = site(work=DownWork())
    answer = await post(one.app, "/hooks/plain")
    assert (answer.status_code, list(one.records.rows)) == (202, ["INC-1"])


async def test_a_fault_of_ours_gives_a_reference_and_nothing_else() -> None:
    answer = await post(site(intake=BrokenIntake()).app, "/hooks/plain")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "reference"}
    assert "secret" not in answer.text


async def test_an_encoded_body_is_not_taken_by_the_hooks() -> None:
    assert (await post(site().app, "/hooks/plain", content_encoding="gzip")).status_code == 400


async def test_metrics_count_what_came_in() -> None:
    one = site()
    await post(one.app, "/hooks/plain", x_delivery="d1")
    await post(one.app, "/hooks/plain", x_delivery="d1")
    await post(one.app, "/hooks/plain", b"{")
    async with client(one.app) as http:
        text = (await http.get("/metrics")).text
    for line in (
        'outcome="firing",source="plain"} 1.0',
        'outcome="duplicate",source="plain"} 1.0',
        'outcome="unreadable",source="plain"} 1.0',
    ):
        assert f"midwatch_pages_total{{{line}" in text
    assert 'midwatch_incidents_total{source="plain"} 1.0' in text


@contextlib.contextmanager
def listening(app: FastAPI) -> Iterator[tuple[str, int]]:
    """The app behind a real uvicorn on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server_socket:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([server_socket])), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield server_socket.getsockname()
        finally:
            server.should_exit = True
            thread.join(10)


def _send(address: tuple[str, int], head: bytes, parts: Iterator[bytes], *, answered: bool = True) -> tuple[bytes, int]:
    """Answer, and how many body bytes the server let us send."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(head)
        sent = 0
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
                sent += len(part)
        with contextlib.suppress(ConnectionError):
            return connection.recv(4096) if answered else b"", sent
    return b"", sent


def test_50_mb_are_refused_without_being_held() -> None:
    big = b"x" * 65536
    one: Site = site()
    with listening(one.app) as address:
        declared = b"POST /hooks/plain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 52428800\r\n\r\n"
        answer, _ = _send(address, declared, iter(()))
        assert b" 413 " in answer.split(b"\r\n")[0]
        chunked = b"POST /hooks/plain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        tracemalloc.start()
        _, sent = _send(address, chunked, (b"10000\r\n" + big + b"\r\n" for _ in range(800)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sent < 52428800
        assert peak < 8 * 1024 * 1024
        assert httpx.post(f"http://127.0.0.1:{address[1]}/hooks/plain", json=PAGE).status_code == 202  # the process lives


def test_without_the_token_not_a_byte_of_the_body_is_waited_for() -> None:
    one = site()
    with listening(one.app) as address:
        head = b"POST /hooks/knocking HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n"
        start = time.monotonic()
        answer, _ = _send(address, head, iter(()))
        assert b" 401 " in answer.split(b"\r\n")[0]
        assert time.monotonic() - start < 5.0  # a body is waited for fifteen seconds


def test_a_body_cut_off_by_a_sender_that_went_away_stores_nothing() -> None:
    one = site()
    with listening(one.app) as address:
        _send(address, b"POST /hooks/plain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", iter(()), answered=False)
        assert httpx.get(f"http://127.0.0.1:{address[1]}/healthz").status_code == 200
        assert one.records.rows == {}


async def test_a_body_that_never_ends_is_given_up() -> None:
    async def nothing() -> Any:
        await asyncio.sleep(60)

    request = Request({"type": "http", "method": "POST", "headers": []}, nothing)
    with pytest.raises(TooSlow) as raised:
        await body(request, 100, read_s=0.05)
    assert status_of(raised.value) == 408

"""Every endpoint under schemathesis: whatever is sent, an answer below 500, soon. Page and change doors are wired to all real sources."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import pages
from bot.app.root import decoder
from bot.pages import changes
from bot.telemetry.declared import declare
from bot.web import Otlp, Proofs, web
from tests.web.doors import MemorySpans, site

SOON_S = 5.0  # this machine may be busy; an answer takes milliseconds
SPANS = {"description": "An ExportTraceServiceRequest", "required": True}
SIGNERS = frozenset(source for source in (*pages.sources(), *changes.sources()))


async def nobody(_url: str) -> bytes:
    raise AssertionError("nothing may be fetched for what is not proven")


async def slack(_request: Request) -> Response:
    return JSONResponse({"ok": True})


def house(*, secrets: bool) -> FastAPI:
    """With secrets every door asks for a proof; without, this machine is let in and every parser is reached."""
    signing = {name: ("a secret",) for name in SIGNERS if any(of.signed(name) for of in (pages, changes) if name in of.sources())}
    topics = ("arn:aws:sns:eu-west-1:123456789012:pages",) if secrets else ()
    proofs = Proofs(signing if secrets else {}, {}, ("a token",) if secrets else (), topics, nobody)
    one = site(tokens=("a token",) if secrets else ())
    hooks = replace(one.doors.hooks, sources=proofs.page_sources(), changes=proofs.change_doors())
    otlp = Otlp(decoder(declare({}, place="none")), MemorySpans(), one.doors.otlp.tokens, 1_000_000, one.doors.meters)
    tokens = ("a console token",) if secrets else ()
    return web(replace(one.doors, hooks=hooks, otlp=otlp, slack=slack, console_tokens=tokens))


def endpoints(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Also those of routers that FastAPI includes as they are."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from endpoints(inner.routes)


def described(app: FastAPI) -> dict[str, Any]:
    """The schema that the app tells, and what it leaves out of it: console, metrics, Slack. Every source has a path of its own."""
    told = app.openapi()
    paths = told["paths"]
    for route in (route for route in endpoints(app.routes) if not route.include_in_schema):
        for method in route.methods or ():
            operation: dict[str, Any] = {"responses": {"default": {"description": "any"}}}
            operation["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.param_convertors
            ]
            paths.setdefault(route.path, {})[method.lower()] = operation
    body = {"content": {"application/json": {"schema": {}}, "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}}}
    paths["/v1/traces"]["post"]["requestBody"] = {**SPANS, **body}
    paths["/slack/events"]["post"]["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    hook = {
        "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {"default": {"description": "any"}},
    }
    for source in pages.sources():
        paths[f"/hooks/{source}"] = {"post": hook}
    for source in changes.sources():
        paths[f"/hooks/changes/{source}"] = {"post": hook}
    return told


@schemathesis.serializer("application/x-protobuf")
def protobuf(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def from_here(app: FastAPI) -> ASGIApp:
    """The test client has no address of its own; a caller on this machine has."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "client": ("127.0.0.1", 4711)} if scope["type"] == "http" else scope, receive, send)

    return called


def schema(*, secrets: bool) -> Any:
    app = house(secrets=secrets)
    loaded = schemathesis.openapi.from_dict(described(app))
    loaded.app = from_here(app)
    return loaded


open_house, shut_house = schema(secrets=False), schema(secrets=True)
reached: Counter[int] = Counter()
USUAL = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def answered(case: Any) -> Any:
    start = time.monotonic()
    answer = case.call()
    assert time.monotonic() - start < SOON_S
    return answer


def operations(of: Any) -> list[Any]:
    """With names of their own: pytest-xdist runs but one of several tests of the same name."""
    return [pytest.param(one, id=one.label) for one in (result.ok() for result in of.get_all_operations())]


def each(operation: Any, ask: Callable[[Any], None]) -> None:
    given(operation.as_strategy())(USUAL(ask))()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", operations(open_house))
def test_whatever_is_sent_to_an_open_door_is_answered_below_500(operation: Any) -> None:
    def ask(case: Any) -> None:
        status = answered(case).status_code
        reached[status] += 1
        assert status < 500

    each(operation, ask)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", operations(shut_house.include(path_regex="^/(hooks|v1|incidents)")))
def test_whatever_is_sent_without_a_proof_is_refused(operation: Any) -> None:
    def ask(case: Any) -> None:
        assert answered(case).status_code in {400, 401, 403, 404, 405, 408, 413, 415, 422, 429}

    each(operation, ask)


def test_the_open_doors_were_open() -> None:
    """Else the tests above would only have tried the locks."""
    if reached:  # not when this test runs alone
        assert reached[422] > 50
        assert reached[200] + reached[202] > 20


def test_every_route_of_the_app_is_in_the_schema() -> None:
    app = house(secrets=False)
    told = described(app)["paths"]
    found = list(endpoints(app.routes))
    assert len(found) >= 11
    for route in found:
        assert {method.lower() for method in route.methods or ()} <= set(told[route.path]), route.path
    assert {path for path in told if path.startswith("/hooks/changes/")} >= {f"/hooks/changes/{source}" for source in changes.sources()}

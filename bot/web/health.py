"""`/healthz`: the process answers. `/readyz`: what it needs answers too; each part by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

ANSWER_S = 2.0  # a load balancer's own patience is about this long

Probe = Callable[[], Awaitable[object]]


def routes(parts: Mapping[str, Probe]) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> Response:
        states = await asyncio.gather(*(_state(probe) for probe in parts.values()))
        ready = all(state == "ok" for state in states)
        body = {"status": "ok" if ready else "not ready", "parts": dict(zip(parts, states, strict=True))}
        return JSONResponse(body, status_code=200 if ready else 503)

    return router


async def _state(probe: Probe) -> str:
    """`ok`, or the kind of failure; its text may hold an address or a password and stays in the log."""
    try:
        async with asyncio.timeout(ANSWER_S):
            await probe()
    except TimeoutError:
        return "no answer"
    except Exception as error:
        return type(error).__name__
    return "ok"

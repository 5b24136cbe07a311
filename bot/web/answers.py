"""Errors as HTTP: one clear message for the caller's fault, a reference number and nothing else for ours."""

import logging
import uuid

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import BadInput, NotAllowed, SourceUnavailable
from bot.web.access import NotHere, caller
from bot.web.body import NotReadable, TooLarge, TooSlow
from bot.web.rates import REFUSALS_AT_ONCE, REFUSALS_PER_S, Rate, TooMany

log = logging.getLogger(__name__)

RETRY_S = 5  # senders that honour it come back after the usual restart of a database
MESSAGE_LIMIT = 500  # a message may quote the body

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (TooLarge, 413),
    (TooSlow, 408),
    (NotReadable, 400),
    (BadInput, 422),
    (NotHere, 403),
    (NotAllowed, 401),
    (TooMany, 503),
    (SourceUnavailable, 503),
)


def status_of(error: Exception) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def said(error: Exception) -> str:
    """What the caller may read. A back end's own words are for the log."""
    if isinstance(error, SourceUnavailable):
        return "a part Midwatch needs does not answer; try again"
    return str(error)[:MESSAGE_LIMIT].encode("utf-8", "replace").decode()


def install(app: FastAPI, refusals: Rate) -> None:
    """`refusals`: how many refusals a caller is told in full."""

    async def told(request: Request, error: Exception) -> Response:
        if isinstance(error, NotAllowed) and not refusals.take(caller(request)):
            again = {"Retry-After": f"{REFUSALS_AT_ONCE / REFUSALS_PER_S:.0f}", "Connection": "close"}
            return JSONResponse({"error": "too many refused requests"}, status_code=429, headers=again)
        return await _told(request, error)

    for kind in (BadInput, NotAllowed, SourceUnavailable, TooMany):
        app.add_exception_handler(kind, told)
    app.add_exception_handler(Exception, broken)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unroutable)


async def _told(request: Request, error: Exception) -> Response:
    status = status_of(error)
    headers = {"Retry-After": str(RETRY_S)} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="midwatch"' if request.url.path.startswith("/incidents") else "Bearer"
    if status in (413, 408):
        headers["Connection"] = "close"  # the rest of the body is not read
    log.warning("%s %s refused with %d: %s", request.method, request.url.path[:200], status, error)
    return JSONResponse({"error": said(error)}, status_code=status, headers=headers)


async def broken(request: Request, error: Exception) -> Response:
    reference = uuid.uuid4().hex[:12]
    log.error("%s %s broke (%s)", request.method, request.url.path[:200], reference, exc_info=error)
    return JSONResponse({"error": "Midwatch failed; the log has more", "reference": reference}, status_code=500)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, status_code=error.status_code, headers=error.headers)


async def _unroutable(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "the path or query cannot be read"}, status_code=422)

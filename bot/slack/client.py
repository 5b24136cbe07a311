"""The Web API client: waits where Slack says so, but never so long that whoever holds the card loses it."""

from typing import Any

from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.failures import retry_after
from bot.slack.throttle import LONGEST_WAIT_S, Throttle

TIMEOUT_S = 10  # one request; Slack answers in well under a second, or not at all
RATE_LIMIT_TRIES = 3  # 429s in a row on one call; after that it is the caller who waits
SERVER_TRIES = 2  # 500s and 503s in a row
CONNECTION_TRIES = 2  # a kept-alive connection that Slack closed is found out by using it


class ShortWaits(AsyncRateLimitErrorRetryHandler):
    """Honours Retry-After up to LONGEST_WAIT_S, and tells every other caller of the method through the throttle."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__(max_retry_count=RATE_LIMIT_TRIES)
        self._throttle = throttle

    async def _can_retry_async(
        self, *, state: RetryState, request: HttpRequest, response: HttpResponse | None = None, error: Exception | None = None
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        seconds = retry_after(response.headers)
        self._throttle.limited(request.url.partition("?")[0].rpartition("/")[2], seconds)
        return seconds <= LONGEST_WAIT_S


class Client(AsyncWebClient):
    """Each call waits for its method's and its channel's turn; SourceUnavailable when that is long."""

    throttle: Throttle | None = None

    async def api_call(self, api_method: str, **said: Any) -> AsyncSlackResponse:
        if self.throttle is not None:
            arguments = said.get("json") or {}
            await self.throttle.turn(api_method, arguments.get("channel"), reply=bool(arguments.get("thread_ts")))
        return await super().api_call(api_method, **said)


def web_client(token: str, base_url: str = AsyncWebClient.BASE_URL) -> Client:
    """A client with all three kinds of retry, for calls that may be made twice: reading, editing, opening a view."""
    throttle = Throttle()
    retries: list[AsyncRetryHandler] = [
        AsyncConnectionErrorRetryHandler(max_retry_count=CONNECTION_TRIES),
        ShortWaits(throttle),
        AsyncServerErrorRetryHandler(max_retry_count=SERVER_TRIES),
    ]
    client = Client(token=token, base_url=base_url, timeout=TIMEOUT_S, retry_handlers=retries)
    client.throttle = throttle
    return client


def for_posting(client: AsyncWebClient) -> AsyncWebClient:
    """The same client for calls that must not be made twice: a lost answer or a 500 may hide a message that was posted.

    Only a 429 is tried again: it says that nothing was done.
    """
    throttle = (client.throttle if isinstance(client, Client) else None) or Throttle()
    posting = type(client)(token=client.token, base_url=client.base_url, timeout=TIMEOUT_S, retry_handlers=[ShortWaits(throttle)])
    if isinstance(posting, Client):
        posting.throttle = throttle
    return posting

"""The Web API client: waits where Slack says so, but never so long that whoever holds the card loses it."""

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

TIMEOUT_S = 10  # one request; Slack answers in well under a second, or not at all
RATE_LIMIT_TRIES = 3  # 429s in a row on one call; after that it is the caller who waits
LONGEST_WAIT_S = 10  # a longer Retry-After is the caller's wait too: a card is held for 60 s at most
SERVER_TRIES = 2  # 500s and 503s in a row
CONNECTION_TRIES = 2  # a kept-alive connection that Slack closed is found out by using it


class ShortWaits(AsyncRateLimitErrorRetryHandler):
    """Honours Retry-After up to LONGEST_WAIT_S."""

    async def _can_retry_async(
        self, *, state: RetryState, request: HttpRequest, response: HttpResponse | None = None, error: Exception | None = None
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        told = next((value for name, value in response.headers.items() if name.lower() == "retry-after"), ["1"])
        seconds = told[0] if isinstance(told, list) else told
        return seconds.isdigit() and int(seconds) <= LONGEST_WAIT_S


def web_client(token: str, base_url: str = AsyncWebClient.BASE_URL) -> AsyncWebClient:
    """A client with all three kinds of retry, for calls that may be made twice: reading, editing, opening a view."""
    retries: list[AsyncRetryHandler] = [
        AsyncConnectionErrorRetryHandler(max_retry_count=CONNECTION_TRIES),
        ShortWaits(max_retry_count=RATE_LIMIT_TRIES),
        AsyncServerErrorRetryHandler(max_retry_count=SERVER_TRIES),
    ]
    return AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_S, retry_handlers=retries)


def for_posting(client: AsyncWebClient) -> AsyncWebClient:
    """The same client for calls that must not be made twice: a lost answer or a 500 may hide a message that was posted.

    Only a 429 is tried again: it says that nothing was done.
    """
    retries: list[AsyncRetryHandler] = [ShortWaits(max_retry_count=RATE_LIMIT_TRIES)]
    return type(client)(token=client.token, base_url=client.base_url, timeout=TIMEOUT_S, retry_handlers=retries)

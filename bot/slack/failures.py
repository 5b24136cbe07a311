"""Slack's errors in our words: SourceUnavailable = try again later, Refused = it never will."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import MidwatchError, Refused, SourceUnavailable

DAY_S = 86_400  # no Retry-After is believed beyond this
RATE = frozenset({"ratelimited", "rate_limited"})
# `ok: false` with one of these passes by itself; any other code is a fact about the app, the channel or the payload.
PASSING = frozenset({*RATE, "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
# The payload is at fault, and simpler blocks may be accepted.
BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_arguments"})
# The message cannot be edited any more: a person deleted it, or it was posted by an app that is gone.
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
# What a person has to do, for the refusals that somebody can lift.
CURES = {
    "channel_not_found": "check MIDWATCH_SLACK_CHANNEL, and invite the app if the channel is private",
    "not_in_channel": "invite the app to the channel",
    "is_archived": "the channel is archived: set another in MIDWATCH_SLACK_CHANNEL",
    "invalid_auth": "MIDWATCH_SLACK_BOT_TOKEN is not valid",
    "not_authed": "MIDWATCH_SLACK_BOT_TOKEN is not set",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again",
    "token_expired": "the token has expired: install the app again",
    "missing_scope": "install the app again with the scopes of manifest.yaml",
    "restricted_action": "the workspace does not let the app post in this channel",
}


def code_of(error: SlackApiError) -> str:
    """Slack's error code; empty when the answer was not Slack's JSON."""
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def is_rate_limit(error: SourceUnavailable) -> bool:
    """Nothing was done, and Slack has said for how long: trying sooner is no use."""
    cause = error.__cause__
    return error.retry_after is not None or (isinstance(cause, SlackApiError) and code_of(cause) in RATE)


def answered(error: SourceUnavailable) -> bool:
    """Slack is there, and only this method does not work now: a 429, or a method that it does not know."""
    cause = error.__cause__
    return error.retry_after is not None or (isinstance(cause, SlackApiError) and _status(cause) < 500)


def in_our_words(error: Exception, asked: str) -> MidwatchError:
    """`asked` is the method, for whoever has to repeat it by hand. Never the token, and nothing of the payload."""
    if not isinstance(error, SlackApiError):
        return SourceUnavailable(f"Slack did not answer {asked}: {type(error).__name__}", source="slack", asked=asked)
    code = code_of(error)
    status = _status(error)
    if not code or code in PASSING or status == 429 or status >= 500:
        wait = retry_after(getattr(error.response, "headers", {})) if status == 429 or code in RATE else None
        return SourceUnavailable(f"Slack could not do {asked}: {code or status}", source="slack", asked=asked, retry_after=wait)
    cure = f"; {CURES[code]}" if code in CURES else ""
    return Refused(f"Slack refused {asked}: {code}{cure}")


def retry_after(headers: Mapping[str, object]) -> float:
    """Seconds that a 429 asks for; one where it does not say, as Slack's own client has it."""
    told = next((value for name, value in headers.items() if name.lower() == "retry-after"), "1")
    seconds = str(told[0] if isinstance(told, list) and told else told)
    return float(min(int(seconds), DAY_S)) if seconds.isascii() and seconds.isdecimal() and len(seconds) < 10 else 1.0


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0) or 500)


@contextmanager
def translated(asked: str) -> Iterator[None]:
    """The border: below it Slack's errors, above it ours."""
    try:
        yield
    except (TimeoutError, SlackClientError, aiohttp.ClientError, OSError) as error:
        raise in_our_words(error, asked) from error

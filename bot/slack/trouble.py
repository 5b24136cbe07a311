"""What people see when a listener fails: a short id that is also in the log, never what went wrong inside."""

import logging
import secrets
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_bolt.response import BoltResponse

log = logging.getLogger(__name__)


def install(bolt: AsyncApp) -> None:
    bolt.error(_told)


async def _told(error: Exception, body: Mapping[str, object], respond: AsyncRespond) -> BoltResponse:
    reference = secrets.token_hex(3)
    log.error("a Slack %s failed, reference %s", body.get("type", "request"), reference, exc_info=error)
    words = f"Midwatch could not do that. If it happens again, give this reference to whoever runs it: {reference}"
    if body.get("type") == "view_submission":
        return BoltResponse(status=200, body={"response_action": "errors", "errors": dict.fromkeys(_inputs(body), words)})
    if respond.response_url is not None:
        try:
            await respond(text=words, response_type="ephemeral", replace_original=False)
        except Exception:  # the error that brought us here is logged; this one must not hide it
            log.warning("reference %s could not be told", reference, exc_info=True)
    return BoltResponse(status=200)


def _inputs(body: Mapping[str, object]) -> list[str]:
    """The ids of the modal's inputs: Slack shows an error only beside one of them."""
    view = body.get("view")
    blocks = view.get("blocks") if isinstance(view, Mapping) else None
    rows = blocks if isinstance(blocks, list) else []
    return [str(row["block_id"]) for row in rows if isinstance(row, Mapping) and row.get("type") == "input" and "block_id" in row][:1]

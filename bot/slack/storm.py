"""A storm's menu: whoever chooses an incident there gets its card into the channel."""

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.ports import Decisions
from bot.slack.blocks.digest import SINGLE_OUT
from bot.slack.blocks.kit import escaped
from bot.slack.click import pressed
from bot.slack.incident import NOT_YOURS, UNKNOWN
from bot.slack.people import Gate


def register(bolt: AsyncApp, decisions: Decisions, gate: Gate, show: Callable[[str], Awaitable[None]]) -> None:
    async def single_out(ack: AsyncAck, body: Mapping[str, object], respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        if await gate.groups(click.person) is None:
            await respond(text=escaped(NOT_YOURS), response_type="ephemeral", replace_original=False)
        elif await decisions.single_out(click.incident_id) is None:
            await respond(text=escaped(UNKNOWN), response_type="ephemeral", replace_original=False)
        else:
            await show(click.incident_id)

    bolt.action(SINGLE_OUT)(single_out)

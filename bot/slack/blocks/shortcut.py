"""The form behind "Triage this": the words that become a page, which service they are about, and what became of it."""

from collections.abc import Sequence

from bot.slack.blocks.kit import Json, context, plain, preformatted, rich, run, section
from bot.wording.literal import one_line

TRIAGE_THIS = "triage_this"  # the shortcut's callback_id in manifest.yaml, and the form's
SERVICE_BLOCK, SERVICE = "triage_service", "service"
NOT_SURE = "-"  # the option for "none of these, or nobody knows"
OPTIONS = 60  # services offered: with longer names than real ones have, they fit one payload
SHOWN = 600  # characters of the message shown again


def triage_modal(words: str, services: Sequence[str], channel: str, kept: str) -> Json:
    """`kept` travels with the form and comes back with it; `services` are offered when there are several."""
    blocks: list[Json] = [rich(section(run("This becomes a page and is triaged:")), preformatted(words, SHOWN))]
    if len(services) > 1:
        options = [_option(NOT_SURE, "not sure"), *(_option(one, one) for one in services[:OPTIONS])]
        menu = {"type": "static_select", "action_id": SERVICE, "options": options, "initial_option": options[0]}
        blocks.append({"type": "input", "block_id": SERVICE_BLOCK, "label": plain("Which service is it about?"), "element": menu})
    blocks.append(context(f"Its words will be seen in {one_line(channel, 80)}. Nobody is mentioned, and nothing is changed."))
    return {
        "type": "modal",
        "callback_id": TRIAGE_THIS,
        "private_metadata": kept,
        "title": plain("Triage this message"),
        "submit": plain("Triage"),
        "close": plain("Cancel"),
        "blocks": blocks,
    }


def told_modal(words: str) -> Json:
    return {"type": "modal", "title": plain("Triage this message"), "close": plain("Close"), "blocks": [rich(section(run(words)))]}


def value_of(service: str) -> str:
    """What comes back when it is chosen."""
    return one_line(service, 75)


def _option(value: str, words: str) -> Json:
    return {"text": plain(value_of(words)), "value": value_of(value)}

"""A storm's one message: how many, where, the worst by name, and a menu that gives one of them a card of its own."""

from collections.abc import Sequence

from bot.model.incident import Digest, Incident
from bot.slack.blocks.kit import Json, Message, bullets, context, escaped, header, plain, rich, run, section
from bot.wording.literal import cut
from bot.wording.storm import headline, line, listed, services, summary

SINGLE_OUT = "storm_single_out"
LINE = 200  # characters of one incident's line: twenty of them stay inside a message's budget


def digest_message(digest: Digest, incidents: Sequence[Incident]) -> Message:
    """`incidents` newest first."""
    shown = listed(incidents)
    blocks: list[Json] = [header(headline(digest, incidents)), rich(section(run("Where ", bold=True), run(cut(services(incidents), 400))))]
    if shown:
        rows = [[run(f"{one.id} ", bold=True), run(cut(line(one), LINE))] for one in shown]
        rest = [[run(f"and {len(incidents) - len(shown)} more", italic=True)]] if len(incidents) > len(shown) else []
        blocks.append(rich(bullets(rows + rest)))
    blocks.append(context(f"Storm {digest.number} · every page is kept and triaged, two at a time · no action was taken"))
    if choices := [_choice(one) for one in shown if one.resolved_at is None]:
        menu = {"type": "static_select", "action_id": SINGLE_OUT, "placeholder": plain("Post the card of…"), "options": choices}
        blocks.append({"type": "actions", "elements": [menu]})
    return Message(text=escaped(cut(summary(digest, incidents), 700)), blocks=tuple(blocks))


def digest_classic(digest: Digest, incidents: Sequence[Incident]) -> Message:
    """The same out of the oldest blocks only."""
    told = "\n".join([summary(digest, incidents), *(f"{one.id} {cut(line(one), LINE)}" for one in listed(incidents)[:10])])
    message: list[Json] = [header(headline(digest, incidents)), {"type": "section", "text": plain(cut(told, 2900))}]
    return Message(text=escaped(cut(summary(digest, incidents), 700)), blocks=tuple(message))


def _choice(incident: Incident) -> Json:
    return {"text": plain(cut(f"{incident.id} {incident.title}", 75)), "value": incident.id}

"""An answer in a thread: literal text, so that nothing in it becomes a link or a mention; and two buttons to judge it."""

from bot.model.incident import Incident
from bot.model.reply import Reply
from bot.slack.blocks.card import WRONG
from bot.slack.blocks.kit import Json, Message, button, context, escaped, preformatted, rich, rows, run
from bot.wording.literal import cut, several_lines

HELPFUL = "chat_helpful"
ANSWER = 2_800  # characters of an answer; a longer one is for the terminal
SPOKEN = 600  # characters of the text that notifications and screen readers get
INDENT = "  "  # a line that begins with it is to be copied


def reply_message(incident: Incident, reply: Reply, lead: str = "") -> Message:
    """`lead`: which incident it is about and why that one, where the place of the question does not say it."""
    told = several_lines(reply.answer, ANSWER)
    blocks: list[Json] = [context(lead)] if lead else []
    lines: list[str] = []
    for line in [*told.split("\n"), INDENT]:
        if line.startswith(INDENT) and lines:
            blocks.append(rich(rows(*([run(one)] for one in lines))))
            lines = []
        if line.strip():
            if line.startswith(INDENT):
                blocks.append(rich(preformatted(line.strip(), ANSWER)))
            else:
                lines.append(line)
    read = " and ".join((reply.intent, *reply.also)).replace("_", " ")
    blocks.append(
        context(f"{incident.id} · read as {read} · {', '.join(reply.evidence[:8]) or 'no evidence needed'} · no action was taken")
    )
    blocks.append({"type": "actions", "elements": [
        button(HELPFUL, "Helpful", incident.id, f"The answer about {incident.id} was helpful"),
        button(WRONG, "Wrong", incident.id, f"Say what incident {incident.id} really was"),
    ]})  # fmt: skip
    return Message(text=escaped(cut(f"{lead} {told}".strip().replace("\n", " "), SPOKEN)), blocks=tuple(blocks))


def plain_message(words: str) -> Message:
    return Message(text=escaped(cut(words, SPOKEN)), blocks=(rich(rows([run(words)])),))

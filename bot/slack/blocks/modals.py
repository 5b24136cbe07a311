"""Modals: the evidence, the runbook's text, and the question what it really was."""

from collections.abc import Sequence
from itertools import groupby

from bot.model.incident import Incident
from bot.model.runbook import Runbook
from bot.slack.blocks.kit import Json, context, plain, preformatted, rich, run, section
from bot.slack.blocks.thread import evidence_blocks, ruled_out_blocks
from bot.wording.literal import one_line, several_lines
from bot.wording.verdict import cause_name, cause_words, layer_word

VOTE = "incident_wrong_vote"
CAUSE_BLOCK, CAUSE = "vote_cause", "cause"
NOTE_BLOCK, NOTE = "vote_note", "note"
UNKNOWN_CAUSE = "unknown"  # the option for "none of these, or nobody knows yet"
NOTE_LIMIT = 1000  # characters: a paragraph; the full story belongs into the review
RUNBOOK_CHARS = 9000  # of a runbook: three preformatted parts, inside one view's budget
PART = 2900  # characters of one part, below the 3,000 that a text object may hold
CAUSES = 100  # options in one group of a select
TITLE = 24  # characters of a modal's title


def evidence_modal(incident: Incident) -> Json:
    """Findings and ruled-out list; a view without a report says so."""
    if incident.report is None:
        return _modal(f"{incident.id} evidence", [rich(section(run("There is no report yet.")))])
    return _modal(f"{incident.id} evidence", [*evidence_blocks(incident.report), *ruled_out_blocks(incident.report)])


def runbook_modal(incident_id: str, runbook: Runbook) -> Json:
    """The text as it is written: Markdown is shown, not rendered, since a runbook is data too."""
    body = several_lines(runbook.body, RUNBOOK_CHARS) or "This runbook is empty."
    blocks: list[Json] = [
        rich(section(run(one_line(runbook.title, 200), bold=True))),
        *(rich(preformatted(part, PART)) for part in _parts(body)),
    ]
    told = [part for part in (runbook.path, f"owner {runbook.owner}" if runbook.owner else "", _reviewed(runbook)) if part]
    return _modal(f"{incident_id} runbook", [*blocks, context(one_line(" · ".join(told), 300) or "no owner")])


def no_runbook_modal(incident_id: str) -> Json:
    return _modal(f"{incident_id} runbook", [rich(section(run("No runbook that you may read matches this incident.")))])


def wrong_modal(incident: Incident, causes: Sequence[str]) -> Json:
    """Asks what it was. Only the incident's id travels with the view; the answer is checked again when it comes back."""
    said = (
        f"Midwatch said: {cause_name(incident.report.cause)}" if incident.report and incident.report.cause else "Midwatch named no cause."
    )
    blocks: list[Json] = [
        rich(section(run(said))),
        {"type": "input", "block_id": CAUSE_BLOCK, "label": plain("What was it?"), "element": _select(causes)},
        {
            "type": "input",
            "block_id": NOTE_BLOCK,
            "optional": True,
            "label": plain("How do you know?"),
            "element": {"type": "plain_text_input", "action_id": NOTE, "multiline": True, "max_length": NOTE_LIMIT},
        },
    ]
    view = _modal(f"{incident.id} was wrong", blocks)
    return {**view, "callback_id": VOTE, "private_metadata": incident.id, "submit": plain("Send")}


def thanks_modal(incident_id: str) -> Json:
    return _modal(incident_id, [rich(section(run("Stored. Thank you: this is how the engine's numbers are checked.")))])


def _select(causes: Sequence[str]) -> Json:
    groups: list[Json] = [{"label": plain("Not listed"), "options": [_option(UNKNOWN_CAUSE, "none of these, or not known yet")]}]
    for layer, members in groupby(sorted(causes), key=lambda cause: cause.split(".", 1)[0]):
        options = [_option(cause, cause_words(cause)) for cause in list(members)[:CAUSES]]
        groups.append({"label": plain(layer_word(layer)), "options": options})
    return {"type": "static_select", "action_id": CAUSE, "placeholder": plain("Layer and cause"), "option_groups": groups[:CAUSES]}


def _option(value: str, words: str) -> Json:
    return {"text": plain(one_line(words, 75)), "value": value}


def _parts(body: str) -> list[str]:
    """Split at line ends, so that no line of a command is torn apart unless it is longer than a part."""
    parts, current = [], ""
    for row in body.split("\n"):
        for piece in [row[start : start + PART] for start in range(0, max(len(row), 1), PART)]:
            if current and len(current) + len(piece) + 1 > PART:
                parts.append(current)
                current = piece
            else:
                current = f"{current}\n{piece}" if current else piece
    return [part for part in [*parts, current] if part.strip()]


def _reviewed(runbook: Runbook) -> str:
    return f"reviewed {runbook.reviewed_on}" if runbook.reviewed_on else "never reviewed"


def _modal(title: str, blocks: Sequence[Json]) -> Json:
    return {"type": "modal", "title": plain(one_line(title, TITLE)), "close": plain("Close"), "blocks": list(blocks)}

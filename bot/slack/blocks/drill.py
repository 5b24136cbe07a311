"""A drill in Slack: its message, the form for answers, a mark in private, the debrief. Marked DRILL everywhere, and nobody is mentioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.drills.debrief import efficiency, walk
from bot.drills.exercise import Exercise
from bot.drills.quiz import Blank, Quiz
from bot.drills.room import Result, Tally
from bot.drills.table import Drill
from bot.drills.topics import TOPICS
from bot.model.drill import MarkedDrill, OpenDrill, Part
from bot.slack.blocks.kit import Json, Message, bullets, button, context, escaped, header, plain, preformatted, rich, run, section
from bot.slack.blocks.modals import CAUSES
from bot.wording.literal import one_line, several_lines

ASK, HINT, ANSWER, CLOSE, DISPUTE = "drill_ask", "drill_hint", "drill_answer", "drill_close", "drill_dispute"
ANSWERS, DISPUTED = "drill_answers", "drill_disputed"
SAID_BLOCK, SAID = "drill_said", "said"
FACTS = 2_400  # characters of a short drill's facts, shown with its question
LAYERS = ("model", "prompt", "retrieval", "tool", "cost", "infra", "telemetry", "none", "unknown")
LAYER_WORDS = {"none": "none: there is no fault", "unknown": "cannot be told from what is recorded"}
FORM: tuple[tuple[str, str, bool], ...] = (
    ("cause", "Cause (such as retrieval.timeout; several, with commas, where they cannot be told apart)", False),
    ("slice", "For whom? (such as tenant=acme-3, or everybody)", False),
    ("onset", "Since when? (such as 22:04, UTC)", False),
    ("evidence", "Two facts that would be false if it were something else, one a line", True),
    ("missing", "What can't you see that you would need?", False),
    ("blamed", "Which change is to blame, if any?", False),
    ("action", "First action", True),
    ("verify", "How would you see that it worked?", False),
    ("status", "One line for the channel, with how sure you are", False),
    ("escalation", "Whom would you wake, if anybody?", False),
)
CONFIDENCES = ("50", "60", "70", "80", "90", "95", "99")
LABEL = 150  # characters of a label that a phone shows


def drill_message(opened: OpenDrill, made: Drill, tally: Tally | None) -> Message:
    """The root message; edited when people answer, and when it is over."""
    title = f"DRILL {made.name}"
    head = f"{title}: {_title(made)}"
    told: list[Json] = [header(title), rich(section(run(_title(made), bold=True))), *_story(made)]
    state = f"{made.minutes} minutes. This is a drill: nobody is paged, and nothing of it is real."
    if tally is not None and tally.answered:
        state += f" {tally.answered} answered."
    blocks = [*told, context(f"{state} It is over." if opened.closed_at else state)]
    if opened.closed_at is None:
        blocks.append(_buttons(opened, made))
    return Message(escaped(head), tuple(blocks))


def _title(made: Drill) -> str:
    return one_line(made.seen.page.title if isinstance(made, Exercise) else made.question, 200)


def _story(made: Drill) -> list[Json]:
    if isinstance(made, Quiz):
        return [rich(preformatted("\n".join(made.shown), FACTS))] if made.shown else []
    told = made.recipe.told if made.recipe else ""
    lines = [several_lines(text, 900) for text in (made.seen.page.description or "", told) if text]
    return [rich(section(run("\n".join(lines))))] if lines else []


def _buttons(opened: OpenDrill, made: Drill) -> Json:
    answer = button(ANSWER, "Answer", opened.id, f"Answer drill {made.name}", primary=True)
    close = button(CLOSE, "End and debrief", opened.id, f"End drill {made.name} for everybody")
    if isinstance(made, Quiz):
        return {"type": "actions", "elements": [answer, close]}
    ask: Json = {
        "type": "static_select",
        "action_id": ASK,
        "placeholder": plain("Ask for evidence"),
        "options": [{"text": plain(one_line(one.asks, 75)), "value": f"{opened.id} {one.name}"} for one in TOPICS],
    }
    hint = button(HINT, "Hint (-5)", opened.id, f"A hint for drill {made.name}; costs five points")
    return {"type": "actions", "elements": [ask, hint, answer, close]}


def answer_modal(opened: OpenDrill, made: Drill) -> Json:
    blocks = [_blank(one) for one in made.blanks] if isinstance(made, Quiz) else _form()
    return {
        "type": "modal",
        "callback_id": ANSWERS,
        "private_metadata": opened.id,
        "title": plain("DRILL: your answer"),
        "submit": plain("Answer"),
        "close": plain("Not yet"),
        "blocks": [*blocks, _input("confidence", "How sure are you?", _select("confidence", [(one, f"{one} %") for one in CONFIDENCES]))],
    }


def _form() -> list[Json]:
    layers = [(one, LAYER_WORDS.get(one, one)) for one in LAYERS]
    typed = [_input(key, label, _typed(key, many=many)) for key, label, many in FORM]
    return [_input("layer", "Which layer failed?", _select("layer", layers), optional=False), *typed]


def _blank(one: Blank) -> Json:
    element = _select(one.key, [(choice, choice) for choice in one.choices]) if one.choices else _typed(one.key, many=False)
    return _input(one.key, one.asks, element, optional=False)


def _input(key: str, label: str, element: Json, *, optional: bool = True) -> Json:
    return {"type": "input", "block_id": key, "optional": optional, "label": plain(one_line(label, LABEL)), "element": element}


def _typed(key: str, *, many: bool) -> Json:
    return {"type": "plain_text_input", "action_id": key, "multiline": many, "max_length": 2000}


def _select(key: str, options: Sequence[tuple[str, str]]) -> Json:
    listed = [{"text": plain(one_line(words, 75)), "value": value[:150]} for value, words in options[:CAUSES]]
    return {"type": "static_select", "action_id": key, "options": listed}


def filled(body: Mapping[str, object]) -> dict[str, str]:
    """What was filled into the form, by key; what was left empty is not in it."""
    view = body.get("view")
    state = view.get("state") if isinstance(view, Mapping) else None
    values = state.get("values") if isinstance(state, Mapping) else None
    said: dict[str, str] = {}
    for key, block in (values if isinstance(values, Mapping) else {}).items():
        element = block.get(key) if isinstance(block, Mapping) else None
        if not isinstance(element, Mapping):
            continue
        chosen = element.get("selected_option")
        text = chosen.get("value") if isinstance(chosen, Mapping) else element.get("value")
        if isinstance(text, str) and text.strip():
            said[str(key)[:50]] = text[:2000]
    return said


def stored_modal() -> Json:
    words = "Stored. Your mark comes to you alone, as a direct message; the debrief for everybody follows when the drill ends."
    return {"type": "modal", "title": plain("DRILL"), "close": plain("Close"), "blocks": [rich(section(run(words)))]}


def mark_message(result: Result) -> Message:
    """For the participant alone."""
    mark = result.mark
    head = f"DRILL {result.drill.name}: {mark.score:g} of 100, {'passed' if mark.passed else 'not passed'}"
    asked = efficiency(result.drill, result.sitting.asked) if isinstance(result.drill, Exercise) else ""
    blocks: list[Json] = [header(head), rich(bullets([_part(one) for one in mark.parts])), *([context(asked)] if asked else [])]
    disputing = button(DISPUTE, "This mark is wrong", result.sitting.drill, f"Dispute the mark of drill {result.drill.name}")
    return Message(escaped(head), (*blocks, {"type": "actions", "elements": [disputing]}))


def _part(one: Part) -> list[Json]:
    most = f" of {one.of:g}" if one.of else ""
    cited = f" [{one_line(' '.join(one.evidence), 80)}]" if one.evidence else ""
    return [run(f"{one.name} {one.points:g}{most}: ", bold=True), run(one_line(one.why, 260) + cited)]


def debrief_message(made: Drill, tally: Tally) -> Message:
    """For everybody: the walk an expert would have taken, and counts that point at nobody."""
    head = f"DRILL {made.name} is over: debrief"
    steps = [one.why for one in made.blanks if one.why] if isinstance(made, Quiz) else walk(made)
    ordered: Json = {"type": "rich_text_list", "style": "ordered", "elements": [section(run(one_line(step, 400))) for step in steps]}
    return Message(escaped(head), (header(head), rich(ordered), context(tally_words(tally))))


def tally_words(tally: Tally) -> str:
    if tally.mean is None or tally.passed is None:
        return f"{tally.answered} of {tally.sitting} who looked answered. Scores are private; a team's are shown from four answers on."
    return f"{tally.answered} answered: mean {tally.mean:.0f} of 100, {tally.passed} passed. Whose score is whose stays private."


def mine_lines(marks: Sequence[MarkedDrill], most: int = 10) -> str:
    """Somebody's own marks, for them alone."""
    if not marks:
        return "You have no marked drills yet."
    head = f"Your last {min(len(marks), most)} drills (only you and your mentor see this):"
    lines = [f"{one.at:%Y-%m-%d}  {one.drill_type.value}  {one.score:g}{'' if one.passed else '  not passed'}" for one in marks[:most]]
    return "\n".join([head, *lines])


def dispute_modal(drill_id: str) -> Json:
    element = {"type": "plain_text_input", "action_id": SAID, "multiline": True, "max_length": 2000}
    return {
        "type": "modal",
        "callback_id": DISPUTED,
        "private_metadata": drill_id,
        "title": plain("DRILL: wrong mark"),
        "submit": plain("Send"),
        "close": plain("Close"),
        "blocks": [{"type": "input", "block_id": SAID_BLOCK, "label": plain("What is wrong, and how do you know?"), "element": element}],
    }

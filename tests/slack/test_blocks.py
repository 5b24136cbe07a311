"""What the card says in each state, and that a stranger's text never becomes markup."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from bot.model.incident import Incident, IncidentState, Progress
from bot.model.report import Fault, Report, Verdict
from bot.model.runbook import Runbook
from bot.slack.blocks import card as cards
from bot.slack.blocks.kit import Json, Message
from bot.slack.blocks.modals import evidence_modal, runbook_modal, wrong_modal
from bot.slack.blocks.thread import evidence_reply, ruled_out_reply
from bot.slack.limits import fit, problems, view_problems
from tests.slack import samples, strange

OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def words(message: Message | Json) -> str:
    """Everything that is shown, in order."""
    blocks = message.blocks if isinstance(message, Message) else message["blocks"]

    def told(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["text"]] if isinstance(value.get("text"), str) else []
            own += [value["fallback"]] if "fallback" in value else []
            return own + [text for inner in value.values() for text in told(inner)]
        return [text for inner in value for text in told(inner)] if isinstance(value, list | tuple) else []

    return " ".join(told(list(blocks)))


def buttons(message: Message) -> list[str]:
    return [element["action_id"] for block in message.blocks if block["type"] == "actions" for element in block["elements"]]


def kinds(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["type"]} if "type" in value else set()
        return own | {kind for inner in value.values() for kind in kinds(inner)}
    return {kind for inner in value for kind in kinds(inner)} if isinstance(value, list | tuple) else set()


def test_a_fault_card_says_layer_cause_onset_slice_evidence_action_and_runbook():
    message = cards.card(samples.incident(report=samples.FAULT))
    shown = words(message)
    for expected in (
        "CRITICAL · assistant · AI assistant degraded: error rate 12 %",
        "Most likely Retrieval: timeout",
        "layer 0.97 confirmed by telemetry · cause 0.91 confirmed by telemetry",
        "sudden, 22:03–22:06 UTC on 2026-03-01, 4 h 3 min before the page",
        "source_id = kb-search, the same as index shard = 2 (80 % of traffic, 99 % of the excess)",
        "failed requests 1.1 % → 12 % (216 of 1,800, about 196 more than usual)",
        "[F1]",
        "n 1,440",
        "1 cause: missing doc.indexed_at",
        "route reads of kb-search to the healthy replica",
        "retrieval timeouts on kb-search below 1 % for 15 min",
        "route reads back to all replicas",
        "Retrieval timeouts (search index replica lost)",
        "no action was taken",
        "2026-03-02 02:07 UTC",
    ):
        assert expected in shown
    assert buttons(message) == [cards.ACKNOWLEDGE, cards.EVIDENCE, cards.WRONG, cards.RUNBOOK]
    assert len(message.blocks) <= 12


def test_the_summary_is_one_full_line():
    text = cards.card(samples.incident(report=samples.FAULT)).text
    assert "\n" not in text
    for expected in ("INC-7", "CRITICAL", "assistant", "Retrieval: timeout", "0.91", "22:03–22:06 UTC", "kb-search", "not acknowledged"):
        assert expected in text


@pytest.mark.parametrize(
    ("confidence", "word"),
    [
        (0.90, "0.90 confirmed by telemetry"),
        (0.899, "0.89 likely"),
        (0.70, "0.70 likely"),
        (0.699, "0.69 suspected"),
        (0.45, "0.45 suspected"),
    ],
)
def test_the_words_of_confidence_change_at_the_catalogues_limits(confidence: float, word: str):
    assert f"cause {word}" in words(cards.card(samples.incident(report=samples.FAULT.model_copy(update={"confidence": confidence}))))


def test_a_cause_below_45_is_not_named():
    shown = words(cards.card(samples.incident(report=samples.FAULT.model_copy(update={"confidence": 0.44}))))
    assert "Retrieval: cause unknown" in shown
    assert "Retrieval: timeout" not in shown


def test_a_group_is_named_as_a_group():
    report = samples.FAULT.model_copy(
        update={"layer": "prompt", "cause": None, "group": ("prompt.contract_break", "prompt.model_mismatch"), "confidence": 0.7}
    )
    shown = words(cards.card(samples.incident(report=report)))
    assert "Prompt: contract break or model mismatch" in shown
    assert "cannot be told apart" in shown


def test_two_faults_are_both_named_with_their_shares():
    faults = (
        Fault(cause="retrieval.timeout", layer="retrieval", confidence=0.9, share=0.6),
        Fault(cause="tool.error", layer="tool", confidence=0.8, share=0.3),
    )
    shown = words(cards.card(samples.incident(report=samples.FAULT.model_copy(update={"faults": faults}))))
    assert "Retrieval: timeout and Tool: error" in shown
    assert "error 0.80 likely, 30 % of the excess" in shown


def test_a_ramp_is_called_gradual():
    assert "gradual, began 21:50–22:15 UTC" in words(cards.card(samples.incident(report=samples.INSUFFICIENT)))


def test_no_fault_names_no_layer_and_says_how_much_could_be_seen():
    shown = words(cards.card(samples.incident(report=samples.NO_FAULT)))
    assert "No fault found: mix shift" in shown
    assert "0.84 likely · 93 % of what can go wrong could be checked" in shown
    assert "Most likely" not in shown
    assert "none matches" not in shown


def test_insufficient_data_names_the_missing_fields_first_the_most_needed():
    shown = words(cards.card(samples.incident(report=samples.INSUFFICIENT)))
    assert "Not enough data to name a cause" in shown
    assert "4 causes: missing error.class, doc.indexed_at, prompt.version, retrieval.source_id" in shown
    assert "error.class is on 0 of 5,400 spans" in shown
    assert "No fault" not in shown


def test_triaging_shows_how_far_it_is_and_can_be_acknowledged():
    message = cards.card(*samples.triaging())
    assert "6 of 18 checks · examine: retrieval.timeout" in words(message)
    assert "▓▓▓▓▓░░░░░░░░░░░" in words(message)
    assert buttons(message) == [cards.ACKNOWLEDGE]


def test_triaging_again_keeps_the_earlier_verdict_in_sight():
    message = cards.card(samples.incident(IncidentState.TRIAGING, samples.FAULT, alerts=3), Progress(step="gather"))
    assert "Before these alerts: Retrieval: timeout" in words(message)
    assert "3 alerts grouped" in words(message)


def test_a_failed_triage_keeps_the_page():
    message = cards.card(samples.incident(IncidentState.FAILED))
    assert "Triage failed; the page is kept." in words(message)
    assert samples.PAGE.description in words(message)
    assert "Triage failed" in message.text


def test_resolved_says_how_long_it_took_and_has_no_buttons():
    shown = samples.incident(
        IncidentState.RESOLVED, samples.FAULT, resolved_at=samples.PAGED.replace(hour=4, minute=17), acknowledged_by="U0ANNA"
    )
    message = cards.card(shown)
    assert "RESOLVED after 2 h 10 min · assistant" in words(message)
    assert "First action" not in words(message)
    assert "Retrieval: timeout" in words(message)
    assert buttons(message) == []


def test_who_acknowledged_is_a_person_and_the_button_goes():
    message = cards.card(samples.incident(report=samples.FAULT, acknowledged_by="U0ANNA"))
    assert b'{"type":"user","user_id":"U0ANNA"}' in orjson.dumps(message.blocks)
    assert cards.ACKNOWLEDGE not in buttons(message)


def test_a_stranger_cannot_name_a_user():
    message = cards.card(samples.incident(report=samples.FAULT, acknowledged_by="<!channel>"))
    assert "user" not in kinds(list(message.blocks))


def test_block_ids_stay_while_the_message_stays_and_change_with_it():
    first, same = (cards.card(samples.incident(report=samples.FAULT)) for _ in range(2))
    other = cards.card(samples.incident(report=samples.FAULT, alerts=2))
    assert [block["block_id"] for block in first.blocks] == [block["block_id"] for block in same.blocks]
    assert not {block["block_id"] for block in first.blocks} & {block["block_id"] for block in other.blocks}


@OFTEN
@given(strange.incidents, strange.progresses)
def test_any_incident_gives_a_legal_card_with_its_verdict(incident: Incident, progress: Progress | None):
    for message in (cards.card(incident, progress), cards.classic(incident, progress)):
        assert problems(message.blocks, message.text) == ()
        assert kinds(list(message.blocks)).isdisjoint({"mrkdwn", "markdown", "link", "broadcast", "usergroup", "emoji"})
        assert "<" not in message.text
        assert "\n" not in message.text
    message = cards.card(incident, progress)
    assert len(message.blocks) <= 12
    if incident.state is not IncidentState.TRIAGING:
        assert [block for block in message.blocks if block["block_id"].startswith("verdict.")]
    assert fit(message, strict=True) is message


@OFTEN
@given(strange.incidents, strange.reports)
def test_any_report_gives_legal_replies_and_modals(incident: Incident, report: Report):
    for message in (evidence_reply(incident, report), ruled_out_reply(incident, report)):
        fitted = fit(message)
        assert problems(fitted.blocks, fitted.text) == ()
        assert kinds(list(fitted.blocks)) <= {"rich_text", "rich_text_section", "rich_text_list", "text"}
    view = evidence_modal(incident.model_copy(update={"report": report}))
    assert len(view["blocks"]) <= 100
    for text in (report.signal, report.engine.version):
        book = Runbook(id=text, path=text, title=text, owner=text, body=text * 3)
        assert view_problems(runbook_modal(incident.id, book)) == ()
    assert view_problems(wrong_modal(incident, ["retrieval.timeout", "none.mix_shift", "tool.loop"])) == ()


@OFTEN
@given(strange.texts)
def test_invisible_and_control_characters_never_arrive(text: str):
    shown = words(cards.card(samples.incident(title=text, service=text, page=samples.PAGE.model_copy(update={"description": text}))))
    assert not {letter for letter in shown if letter in "\u202a\u202e\u2066\u200b\u200d\ufeff\x1b\x07\x00\ud800"}


def test_the_story_fits_without_trimming():
    incident = samples.incident(report=samples.FAULT)
    for message in (cards.card(incident), evidence_reply(incident, samples.FAULT), ruled_out_reply(incident, samples.FAULT)):
        assert fit(message, strict=True) is message
    assert samples.FAULT.verdict is Verdict.FAULT


def test_what_rules_something_out_is_told_once():
    incident = samples.incident(report=samples.FAULT)
    evidence, ruled_out = words(evidence_reply(incident, samples.FAULT)), words(ruled_out_reply(incident, samples.FAULT))
    assert "Model calls fail as rarely" not in evidence
    assert ruled_out.count("Model: provider incident — Model calls fail as rarely") == 1


def test_an_n_that_the_claim_names_is_not_said_again():
    finding = samples.FAULT.findings[0].model_copy(update={"claim": "timeouts: 0.3% -> 14.8%, n=1440"})
    shown = words(cards.card(samples.incident(report=samples.FAULT.model_copy(update={"findings": (finding,)}))))
    assert "n=1440" in shown
    assert "n 1,440" not in shown

"""Blame within one trace: each rule loud, and quiet where its guard says so."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from bot.engine.single.blame import Blame, quoted
from bot.engine.single.judge import LOOKS, ORDER, judge
from bot.engine.single.repeating import alike
from bot.engine.single.run import answering, author
from bot.engine.single.timing import critical_path
from bot.model.step import Step, Told, Utterance

PLAN = "1. Use search_agent to locate the paper.\n2. Give the answer."


def step(at: int, kind: str, parent: str = "run", **fields: Any) -> Step:
    """Span `s<at>`, from second `at` on, one second long. `said`, `asked` and `calls` are for models."""
    said, calls = fields.pop("said", ""), fields.pop("calls", ())
    asked = tuple(Utterance(role, text) for role, text in fields.pop("asked", ()))
    answered = (Utterance("assistant", said, tuple(calls)),) if said or calls else ()
    own = MappingProxyType({"name": kind, **fields.pop("fields", {})})
    start = float(fields.pop("start", at))
    given = {"name": kind, "start": start, "end": start + 1.0, "fields": own, "asked": asked, "answered": answered}
    return Step(f"s{at}", parent, kind, **{**given, **fields})


def agent(*below: Step, **fields: Any) -> Told:
    """A trace of one agent, `run`, that was offered search_agent."""
    root = Step("run", "", "agent", "run", start=0.0, end=100.0, offered=("search_agent", "final_answer"), **fields)
    return Told("t", (root, *below))


def kinds(told: Told, **how: Any) -> list[tuple[str, str, str]]:
    return [(one.span_id, one.layer, one.kind) for one in judge(told, **{"most": 20, **how})]


def error(at: int, said: str, **fields: Any) -> Step:
    return step(at, "tool", failed=True, error=said, fields={"tool": "page_down"}, **fields)


# --- hard faults


def test_the_deepest_error_that_escapes_is_the_origin() -> None:
    root = Step("run", "", "request", "run", failed=True, error="500")
    told = Told(
        "t", (root, step(1, "chain", failed=True), step(2, "retrieval", "s1", failed=True, error_class="timeout", error="ReadTimeout"))
    )
    assert kinds(told) == [("s2", "retrieval", "escaped_error")]


def test_a_refused_connection_is_infra() -> None:
    told = Told(
        "t", (Step("run", "", "request", "run", failed=True), step(1, "tool", failed=True, error_class="connection", error="ECONNREFUSED"))
    )
    assert kinds(told)[-1] == ("s1", "infra", "escaped_error")


def test_an_error_that_the_model_read_and_got_over_is_no_origin() -> None:
    assert kinds(agent(step(1, "llm", calls=["page_down"]), error(2, "not open"), step(3, "llm", said="Then I open it first."))) == []


def test_a_retry_that_went_well_takes_the_blame_away() -> None:
    assert kinds(agent(step(1, "retrieval", failed=True, error="x"), step(2, "retrieval"))) == []
    assert kinds(agent(step(1, "retrieval", failed=True, error="x"), step(2, "rerank"))) == [("s1", "retrieval", "handled_error")]


def test_the_call_with_arguments_that_do_not_fit_stands_before_the_error() -> None:
    told = agent(step(1, "llm", calls=["page_down"]), error(2, "TypeError: got an unexpected keyword argument 'x'"), failed=True)
    assert kinds(told) == [("s1", "model", "malformed_arguments"), ("s2", "tool", "escaped_error")]


def test_the_same_mistake_again_is_the_models() -> None:
    wrong = "TypeError: got an unexpected keyword argument '{}'"
    told = agent(
        step(1, "llm", calls=["page_down"]), error(2, wrong.format("a")), step(3, "llm", calls=["page_down"]), error(4, wrong.format("b")),
        step(5, "llm", said="Well."),
    )  # fmt: skip
    assert kinds(told) == [("s3", "model", "malformed_arguments_again"), ("s4", "tool", "repeated_error")]
    assert "a second time" in judge(told)[0].claim


def test_a_tool_that_fails_by_itself_is_not_held_against_the_first_caller() -> None:
    told = agent(step(1, "llm", calls=["page_down"]), error(2, "HTTP 500 from upstream"), failed=True)
    assert kinds(told) == [("s2", "tool", "escaped_error")]


def test_an_action_that_cannot_be_parsed_is_the_models() -> None:
    told = agent(step(1, "chain", failed=True, error="AgentParsingError: Error in code parsing"), step(2, "llm", "s1", said="hm"))
    assert kinds(told) == [("s2", "model", "unparsable_action")]


def test_beyond_an_agent_its_caller_is_not_blamed() -> None:
    told = agent(step(1, "llm", said="Go."), step(2, "agent"), step(3, "tool", "s2"))
    assert author(told, told.by_id["s3"]) is None
    assert author(told, told.by_id["s2"]) is told.by_id["s1"]


def test_a_cycle_of_parents_ends() -> None:
    told = Told("t", (step(1, "chain", "s2"), step(2, "chain", "s1"), step(3, "tool", "s1", failed=True, error="x")))
    assert author(told, told.by_id["s3"]) is None
    assert kinds(told) == [("s3", "tool", "handled_error")]


def test_a_chain_of_thousands_of_spans_takes_no_time() -> None:
    told = Told("t", tuple(step(at, "chain", f"s{at - 1}" if at > 1 else "") for at in range(1, 3_000)))
    assert sum(1 for _ in told.above(told.steps[-1])) <= 300
    assert kinds(told) == []


# --- soft faults


@pytest.mark.parametrize(
    ("kind", "field", "value", "fine", "expected"),
    [
        ("retrieval", "n_returned", 0.0, 1.0, ("retrieval", "no_documents")),
        ("retrieval", "partial", True, False, ("retrieval", "partial_documents")),
        ("retrieval", "timed_out", True, False, ("retrieval", "partial_documents")),
        ("llm", "finish", "length", "stop", ("model", "cut_off_answer")),
        ("llm", "finish", "content_filter", "tool_call", ("model", "filtered_answer")),
        ("llm", "output_refusal", True, False, ("model", "refused_answer")),
        ("tool", "tool_args_valid", False, True, ("model", "malformed_arguments")),
        ("parser", "parser_ok", False, True, ("prompt", "broken_output")),
        ("guardrail", "guardrail_action", "block", "allow", ("infra", "blocked")),
        ("prompt", "prompt_unresolved", 1.0, 0.0, ("prompt", "unresolved_variables")),
    ],
)
def test_what_a_span_says_of_itself(kind: str, field: str, value: object, fine: object, expected: tuple[str, str]) -> None:
    assert kinds(agent(step(1, kind, fields={field: value}))) == [("s1", *expected)]
    assert kinds(agent(step(1, kind, fields={field: fine}))) == []


def test_of_soft_faults_the_earliest_stage_stands_first_and_an_error_before_all() -> None:
    said = agent(step(1, "llm", fields={"finish": "length"}), step(2, "retrieval", fields={"n_returned": 0.0}), failed=True)
    assert kinds(said) == [("s2", "retrieval", "no_documents"), ("s1", "model", "cut_off_answer"), ("run", "infra", "outer_error")]


def test_nothing_found_is_made_good_by_finding_something() -> None:
    none, some = {"n_returned": 0.0}, {"n_returned": 3.0}
    assert kinds(agent(step(1, "retrieval", fields=none), step(2, "retrieval", fields=some))) == []
    assert kinds(agent(step(1, "retrieval", fields=some), step(2, "retrieval", fields=none))) == [("s2", "retrieval", "no_documents")]


@pytest.mark.parametrize(
    ("tool", "returned", "loud"),
    [
        ("get_order", "[]", True),
        ("get_order", "7", False),
        ("get_order", None, False),  # not recorded is not empty
        ("send_mail", "null", False),
        ("get_final_answer", "null", False),
    ],
)
def test_a_tool_that_reads_and_gives_nothing(tool: str, returned: str | None, loud: bool) -> None:
    assert (kinds(agent(step(1, "tool", returned=returned, fields={"tool": tool}))) == [("s1", "tool", "empty_result")]) is loud


# --- an agent's conduct


def planned(*rest: Step) -> Told:
    return agent(step(1, "llm", said=PLAN), *rest)


def test_an_answer_with_nothing_observed_although_the_plan_named_a_tool() -> None:
    found = kinds(planned(step(2, "llm", said="It is typically 42. final_answer(42)")))
    assert found == [("s2", "prompt", "plan_skipped"), ("s2", "tool", "tool_not_called"), ("s2", "model", "guessed_answer")]


def test_an_answer_that_does_not_call_itself_a_guess_is_merely_unsupported() -> None:
    assert kinds(planned(step(2, "llm", said="It is 42.")))[-1] == ("s2", "model", "unsupported_answer")


@pytest.mark.parametrize(
    "between",
    [
        step(2, "tool", fields={"tool": "web_search"}),
        step(2, "retrieval"),
        step(2, "llm", calls=["search_agent"]),  # called, though the tool left no span
        step(2, "llm", asked=[("tool", "found it")], said="Good."),
    ],
)
def test_an_answer_with_something_observed_is_grounded(between: Step) -> None:
    assert kinds(planned(between, step(3, "llm", said="It is 42."))) == []


def test_a_sub_agent_that_ran_brought_something_in() -> None:
    assert kinds(planned(step(2, "agent"), step(3, "llm", "s2", said="found"), step(4, "llm", said="It is 42."))) == []


@pytest.mark.parametrize("plan", ["1. Add the rows.\n2. Sort them.", "### Facts to look up\nNone."])
def test_a_plan_that_needs_nothing_from_outside_may_be_answered_at_once(plan: str) -> None:
    assert kinds(agent(step(1, "llm", said=plan), step(2, "llm", said="It is 42."))) == []


def test_without_tools_there_is_nothing_to_call() -> None:
    told = Told("t", (Step("run", "", "agent", "run"), step(1, "llm", said=PLAN), step(2, "llm", said="It is 42.")))
    assert kinds(told) == []


def test_a_call_that_was_only_written_about() -> None:
    wrote = step(2, "llm", said="I will ask the search agent.\n```py\nprint('search_agent(x)')\n```")
    assert kinds(planned(wrote, step(3, "tool"), step(4, "llm", said="Done."))) == []  # something ran
    found = kinds(planned(wrote, step(3, "llm", said="Still nothing."), step(4, "tool"), step(5, "llm", said="Done.")))
    assert found == [("s2", "tool", "call_not_made"), ("s2", "prompt", "step_not_carried_out")]


def test_code_that_calls_the_tool_is_a_call() -> None:
    made = step(2, "llm", said="I will ask the search agent.\n```py\nr = search_agent(task)\n```")
    assert kinds(planned(made, step(3, "llm", said="Next."), step(4, "tool"), step(5, "llm", said="Done."))) == []


def test_a_guess_handed_over_as_answer_despite_observations() -> None:
    told = planned(step(2, "tool"), step(3, "llm", said="Presumably 42. final_answer(42)"))
    assert kinds(told) == [("s3", "model", "guess_given_as_answer")]
    in_code = planned(step(2, "tool"), step(3, "llm", said="So:\n```py\n# assume sorted\nfinal_answer(42)\n```"))
    assert kinds(in_code) == []


def test_the_same_question_three_times() -> None:
    def asked(n: int) -> list[Step]:
        return [
            step(at, "tool", given=f'{{"q": "red dragon joke history page {at}"}}', fields={"tool": "web_search"}) for at in range(1, n + 1)
        ]

    assert kinds(agent(*asked(2))) == []
    assert kinds(agent(*asked(3))) == [("s3", "tool", "repeated_call")]


def test_questions_are_alike_from_half_of_their_words_on() -> None:
    assert alike("aa bb cc", "aa bb dd")  # 2 of 4
    assert not alike("aa bb cc", "aa ee dd")  # 1 of 5
    assert alike("?", "?")
    assert not alike("?", "!")


def test_a_mark_that_the_prompt_asks_for() -> None:
    asks = [("user", "Write the plan. After it, write the '<end_plan>' tag and stop.")]
    assert kinds(agent(step(1, "llm", asked=asks, said="1. Go."))) == [("s1", "prompt", "end_mark_missing")]
    assert kinds(agent(step(1, "llm", asked=asks, said="1. Go.<end_plan>"))) == []
    assert kinds(agent(step(1, "llm", asked=[("user", "Plan.")], said="1. Go."))) == []
    assert "stop sequence" in judge(agent(step(1, "llm", asked=asks, said="1. Go.", ends_at=("<end_plan>",))))[0].claim


# --- time


def test_a_deadline_blames_what_ran_into_it() -> None:
    root = Step("run", "", "request", "run", start=0.0, end=10.0, failed=True, error_class="timeout", error="deadline")
    told = Told("t", (root, step(1, "llm", end=2.0), step(2, "retrieval", end=None), step(9, "tool", end=10.0)))
    assert kinds(told) == [("s2", "retrieval", "deadline"), ("run", "infra", "outer_error")]


def test_the_critical_path_adds_up_and_names_the_slow_one_only_when_asked() -> None:
    root = Step("run", "", "request", "run", start=0.0, end=10.0)
    told = Told("t", (root, step(1, "retrieval", end=2.0), step(2, "llm", end=9.0)))
    path = {one.span_id: seconds for one, seconds in critical_path(told, root)}
    assert path == {"run": 2.0, "s1": 1.0, "s2": 7.0}
    assert kinds(told) == []
    assert kinds(told, slow=True) == [("s2", "model", "slow")]


# --- the whole


def test_no_more_than_asked_for_no_span_and_layer_twice_and_the_same_each_time() -> None:
    told = planned(step(2, "llm", said="I guess 42. final_answer(42)"))
    assert [len(judge(told, most)) for most in (1, 2, 3, 9)] == [1, 2, 3, 3]
    assert len({(one.span_id, one.layer) for one in judge(told, 9)}) == 3
    assert judge(told) == judge(told)


def test_every_look_is_quiet_on_an_empty_trace_and_a_lone_model_call() -> None:
    for told in (Told("t", ()), Told("t", (step(1, "llm", "", said="Hello."),))):
        assert [blame for look in LOOKS for blame in look(told)] == []
    assert answering(Told("t", ())) is None
    assert len(set(ORDER)) == len(ORDER)


def test_a_strangers_words_are_one_short_line() -> None:
    assert quoted("a\x1b[31m\nb" + "x" * 500) == "a [31m b" + "x" * 111 + "…"
    hostile = judge(agent(step(1, "llm", calls=["page_down"]), error(2, "boom\x1b]0;x\x07" * 100), failed=True))
    assert all(isinstance(one, Blame) and "\x1b" not in one.claim and len(one.claim) < 300 for one in hostile)

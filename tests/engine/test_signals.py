"""What a page is about: the rule that fired tells more than the sentence beside it."""

import pytest

from bot.engine.signals import hinted, unseen
from bot.model.page import Claimed, Page, Status


def page(title: str, description: str = "", metric: str | None = None, service: str | None = None, **labels: str) -> Page:
    claimed = Claimed(metric=metric)
    told = Page(source="generic", dedup_key="k", title=title, description=description, labels=labels, claimed=claimed, status=Status.FIRING)
    return told.model_copy(update={"service": service})


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (page("LLM provider looks slow", alertname="AnswersScoredBelow0.7"), "quality"),
        (page("LLM provider looks slow", alertname="AssistantDegraded"), "llm_error"),
        (page("assistant degraded", "retrieval errors over the last 30 minutes", alertname="AssistantErrors"), "retrieval_error"),
        (page("assistant degraded", alertname="AssistantErrors"), "failed"),
        (page("cost looks fine, answers do not", metric="ttft_p95"), "ttft"),
        (page("Answers are slow", alertname="TokenSpendHigh"), "cost"),
        (page("helpdesk: deploy health check degraded", "Burn rate alert", **{"class": "cost per request"}), "cost"),
        (page("assistant degraded", metric="spend"), "cost"),
        (page("search-desk errors", service="search-desk"), "failed"),  # a product is no symptom
        (page("assistant answered what it should have declined"), "policy_hit"),
        (page("the assistant declines what it used to answer"), "refusal"),
        (page("searches without results"), "empty_retrieval"),
        (page("output tokens per request 197 tokens"), "tokens_output"),
        (page("prompt tokens doubled"), "tokens_input"),
        (page("information assistant fails"), "failed"),  # no "format" in it
        (page("Monday", owner="cost-team"), ""),
    ],
)
def test_the_rule_goes_first_and_that_something_fails_goes_last(given: Page, first: str) -> None:
    assert (*hinted(given), "")[0] == first


RECORDED = frozenset({"failed", "refusal", "duration", "retrieval_error"})


@pytest.mark.parametrize(
    ("given", "dark"),
    [
        (page("answers are slow"), ()),
        (page("answered what it should have declined"), ("policy_hit",)),  # what it did decline says nothing of that
        (page("searches are slow"), ()),
        (page("searches cost too much"), ("cost", "tokens_input", "tokens_output")),  # each that is named, not only the first
        (page("AssistantSlow", "thumbs down, spend, JSON"), ()),  # a description may name a lot
        (page("it went wrong", "thumbs down"), ("feedback",)),
        (page("answers scored below 0.7"), ("quality",)),  # what users think of them is another thing
        (page("letters with foreign characters in them"), ("lang_mismatch",)),
        (page("errors"), ()),
        (page("Monday"), ()),
    ],
)
def test_what_the_page_names_and_nobody_records(given: Page, dark: tuple[str, ...]) -> None:
    assert unseen(given, RECORDED) == dark

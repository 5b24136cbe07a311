"""What a page is about: the rule that fired tells more than the sentence beside it."""

import pytest

from bot.engine.signals import hinted
from bot.model.page import Claimed, Page, Status


def page(title: str, description: str = "", metric: str | None = None, **labels: str) -> Page:
    claimed = Claimed(metric=metric)
    return Page(source="generic", dedup_key="k", title=title, description=description, labels=labels, claimed=claimed, status=Status.FIRING)


@pytest.mark.parametrize(
    ("given", "first"),
    [
        (page("LLM provider looks slow", alertname="AnswersScoredBelow0.7"), "quality"),
        (page("LLM provider looks slow", alertname="AssistantDegraded"), "llm_error"),
        (page("assistant degraded", "retrieval errors over the last 30 minutes", alertname="AssistantErrors"), "retrieval_error"),
        (page("assistant degraded", alertname="AssistantErrors"), "failed"),
        (page("cost looks fine, answers do not", metric="ttft_p95"), "ttft"),
        (page("Answers are slow", alertname="TokenSpendHigh"), "cost"),
        (page("Monday", owner="cost-team"), ""),
    ],
)
def test_the_rule_goes_first_and_that_something_fails_goes_last(given: Page, first: str) -> None:
    assert (*hinted(given), "")[0] == first

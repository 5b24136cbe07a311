"""What a page says was measured: the name that the number fits, the more telling name first."""

import pytest

from bot.pages.reading.claims import claim


@pytest.mark.parametrize(
    ("text", "metric", "value", "unit"),
    [
        ("cost per request 0.0055 USD", "spend", 0.0055, "USD"),  # "request" stands nearer, and no request is a sum of money
        ("error rate on checkout is now at 12 %", "error rate", 12.0, "%"),
        ("requests failing: 14 %", "errors", 14.0, "%"),
        ("answers saying nothing was found 16.0 %, usual 0.4 %", "share", 16.0, "%"),
        ("8 % of answers are refusals", "refusal rate", 8.0, "%"),
        ("error rate of 5 % for users", "error rate", 5.0, "%"),
        ("users +12 %", None, None, None),  # more of them, and not a share of them
        ("users affected 1200", None, None, None),
        ("p95 4.8 s for all users", "p95", 4.8, "s"),
        ("spend +300 % for requests today", "spend", 300.0, "% change"),
        ("504 errors", None, None, None),
    ],
)
def test_the_claim_of_a_text(text: str, metric: str | None, value: float | None, unit: str | None) -> None:
    found = claim(text)
    assert (found.metric, found.value, found.unit) == (metric, value, unit)

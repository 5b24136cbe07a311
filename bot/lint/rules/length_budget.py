"""Longer than its budget, or suddenly much longer or shorter than before: cost and time to first token follow the length."""

from collections.abc import Iterator

from bot.lint.rule import Hit, error, rule, warning
from bot.lint.sheet import Sheet

SIGNS = 4  # characters a token: the usual rule for English; a tokenizer is the model's own and is not at hand
BLOAT = 2.5  # times the predecessor: catalogue 1.2 tells of 4k -> 11k; people who rewrite a short prompt double it
LEAST = 6_000  # characters more: about the tokens that show in the time to the first token
SHRUNK = 0.4  # of the predecessor is left, and nothing new was written: text was cut off rather than edited
WHOLE = 600  # characters of a predecessor that can be cut off


@rule
def length_budget(sheet: Sheet) -> Iterator[Hit]:
    length = len(sheet.text.text)
    tokens = -(-length // SIGNS)
    if sheet.meta.max_tokens is not None and tokens > sheet.meta.max_tokens:
        yield error(1, f"about {tokens} tokens, the budget is {sheet.meta.max_tokens}")
    if sheet.was is None or (sheet.was.source and not sheet.text.source):
        return
    before = len(sheet.was.text)
    if length > BLOAT * before and length - before > LEAST:
        yield warning(1, f"{length} characters, {length / max(before, 1):.1f} times the predecessor")
    if not sheet.text.source and before > WHOLE and length < SHRUNK * before and sheet.edit is not None and not sheet.edit.rewrites:
        yield warning(1, f"{length} characters are left of {before}")

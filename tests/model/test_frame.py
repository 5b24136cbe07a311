"""Text columns are coded in the order of Python's texts, whatever is in them."""

import random

import pyarrow as pa
import pytest

from bot.model.frame import from_arrow

SIGNS = "Aaé中\U0001f600\ufffd\x00 \n"


@pytest.mark.parametrize("seed", range(5))
def test_codes_are_sorted_as_texts_are(seed: int) -> None:
    dice = random.Random(seed)
    some = [None, *("".join(dice.choices(SIGNS, k=dice.randint(0, 3))) for _ in range(200))]
    column = dice.choices(some, k=500)
    codes = from_arrow(pa.table({"x": pa.array(column, pa.string())})).text("x")
    assert list(codes.values) == sorted({text for text in column if text is not None})
    assert [codes.text(row) for row in range(500)] == column


def test_a_column_of_nothing_has_no_values() -> None:
    codes = from_arrow(pa.table({"x": pa.array([None, None], pa.string())})).text("x")
    assert codes.values == ()
    assert codes.codes.tolist() == [-1, -1]

"""The mutants that tests/checks/test_cases.py tries on every check are what their names say."""

import ast

from tests.mutations.mutants import mutants
from tests.mutations.trial import Trial

CHECK = """
FAR = 10
CAP = 60
class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02))
    share: float = 0.9
@check(need("llm"), need("requests", "parse_failed"), prior=1, limits=Limits)
def one(exam, limits):
    if not exam.rows:
        return exam.conclude("nothing")
    bad = exam.late & ~exam.cut
    exam.against("x", exam.rate(bad))
    return exam.conclude("x" if bad.sum() > 5 else "y")
"""


def test_each_kind_of_mutant_is_made_once() -> None:
    names = [one.name for one in mutants(CHECK)]
    assert len(names) == len(set(names))
    assert [name for name in names if name.startswith("limit")] == [
        "limit line 2: 10 down to 5",
        "limit line 2: 10 up to 20",
        "limit line 5: 0.02 down to 0.01",
        "limit line 5: 0.02 up to 0.04",
        "limit line 6: 0.9 down to 0.8",
        "limit line 6: 0.9 up to 0.95",
        "limit line 13: 5 down to 2",
        "limit line 13: 5 up to 10",
    ]
    assert sorted(name.partition(": ")[2] for name in names if name.startswith("need")) == [
        "need('requests') for need('requests', 'parse_failed')",
        "without need('llm')",
        "without need('requests', 'parse_failed')",
    ]
    assert sum(name.startswith("guard") for name in names) == 6


def test_a_mutant_differs_in_one_place_and_leaves_the_source_alone() -> None:
    before = ast.unparse(ast.parse(CHECK))
    for one in mutants(CHECK):
        after = ast.unparse(one.tree)
        changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=False) if a != b]
        assert changed, one.name
        assert len(changed) == 1 or len(before.splitlines()) != len(after.splitlines()), one.name
    assert ast.unparse(ast.parse(CHECK)) == before


def test_a_check_without_a_kind_is_not_blamed_for_it() -> None:
    none = Trial("a.b", {"limit": 0, "guard": 2, "need": 1}, (("guard", "x"), ("need", "y")))
    assert none.unheld == ("need",)
    assert none.killed("guard") == 1

"""Mutants of one check: its source with one limit scaled, one guard dropped, or one need removed. In memory; no file is written.

*limit*  a number of its Limits, of gates it sets, of a constant of its file or of a comparison: once larger, once smaller.
*guard*  an early return or branch never taken, one side of a condition left out, a required or contradicting test, a cap left out.
*need*   a need of the decorator left out, or the columns it asks for.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KINDS = ("limit", "guard", "need")
FACTOR = 2.0
NOT_LIMITS = ("CAP", "DIGITS")  # lengths of words in a claim decide nothing
GUARDS = ("require", "against", "cap")  # calls on the exam that can stop or hold back a finding


@dataclass(frozen=True)
class Mutant:
    """`name`: where and what, stable while the file is; `tree`: the module to run instead."""

    kind: str
    name: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a check's source, in the order of its lines."""
    tree = ast.parse(source)
    found = [*_limits(tree), *_guards(tree), *_needs(tree)]
    for kind, line, what, change in sorted(found, key=lambda one: (one[1], one[0], one[2])):
        mutated = copy.deepcopy(tree)
        change(mutated)
        yield Mutant(kind, f"{kind} line {line}: {what}", ast.fix_missing_locations(mutated))


Found = tuple[str, int, str, Callable[[ast.Module], None]]


def _limits(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if _is_number(node) and _is_limit(tree, node):
            assert isinstance(node, ast.Constant)
            for way, scaled in _scaled(node.value):
                yield "limit", node.lineno, f"{node.value:g} {way} to {scaled:g}", _replace(tree, node, ast.Constant(scaled))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_limit(tree: ast.Module, node: ast.AST) -> bool:
    """In the class of limits, in a constant of the file, in gates made in the body, or at one side of a comparison."""
    parents = _parents(tree, node)
    if any(isinstance(one, ast.Call) and _called(one).endswith("Gates") for one in parents):
        return True
    if any(isinstance(one, ast.ClassDef) for one in parents):
        return any(isinstance(one, ast.AnnAssign) for one in parents)
    if not any(isinstance(one, ast.FunctionDef) for one in parents):
        assigned = [target for one in parents if isinstance(one, ast.Assign) for target in one.targets]
        return any(isinstance(one, ast.Name) and one.id.isupper() and one.id not in NOT_LIMITS for one in assigned)
    assert isinstance(node, ast.Constant)
    return isinstance(parents[-1], ast.Compare) and abs(node.value) > 1  # `> 0` asks whether there is anything


def _scaled(value: float) -> Iterator[tuple[str, float]]:
    """Twice and half; a quantile or share near one moves by twice and half its distance to one."""
    if 0.5 < value < 1:
        yield "down", 1 - (1 - value) * FACTOR
        yield "up", 1 - (1 - value) / FACTOR
    else:
        whole = isinstance(value, int)
        yield "up", int(value * FACTOR) if whole else value * FACTOR
        down = max(1, int(value / FACTOR)) if whole else value / FACTOR
        if down != value:
            yield "down", down


def _guards(tree: ast.Module) -> Iterator[Found]:
    for node in _in_functions(tree):
        if isinstance(node, ast.If):
            yield "guard", node.lineno, f"never: if {_short(node.test)}", _replace(tree, node.test, ast.Constant(False))
        if isinstance(node, ast.IfExp):
            yield "guard", node.lineno, f"always: {_short(node.body)}", _replace(tree, node, node.body)
            yield "guard", node.lineno, f"always: {_short(node.orelse)}", _replace(tree, node, node.orelse)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _called(node.value) in GUARDS:
            yield "guard", node.lineno, f"without {_short(node.value)}", _replace(tree, node, ast.Pass())
        if isinstance(node, ast.BoolOp) and not any(
            isinstance(one, ast.Constant) for one in node.values
        ):  # `or 0.0` fills in, and guards nothing
            for value in node.values:
                rest = [one for one in node.values if one is not value]
                left = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                yield "guard", node.lineno, f"without {_short(value)} in {_short(node)}", _replace(tree, node, left)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr) and not _is_none(node.right):
            yield "guard", node.lineno, f"without {_short(node.right)} in {_short(node)}", _replace(tree, node, node.left)
            yield "guard", node.lineno, f"without {_short(node.left)} in {_short(node)}", _replace(tree, node, node.right)


def _is_none(node: ast.AST) -> bool:
    """`str | None` is a type."""
    return isinstance(node, ast.Constant) and node.value is None


def _needs(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) == "check":
            for one in node.args:
                rest = ast.Call(node.func, [other for other in node.args if other is not one], node.keywords)
                yield "need", one.lineno, f"without {_short(one)}", _replace(tree, node, rest)
                if isinstance(one, ast.Call) and len(one.args) > 1:
                    bare = ast.Call(one.func, one.args[:1], one.keywords)
                    yield "need", one.lineno, f"{_short(bare)} for {_short(one)}", _replace(tree, one, bare)


def _in_functions(tree: ast.Module) -> Iterator[ast.AST]:
    for one in tree.body:
        if isinstance(one, ast.FunctionDef):
            yield from (node for statement in one.body for node in ast.walk(statement))


def _called(call: ast.Call) -> str:
    """The last name of what is called: `exam.against(...)` -> `against`."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 70 else text[:69] + "…"


def _parents(tree: ast.Module, wanted: ast.AST) -> list[ast.AST]:
    """The nodes above, from the module down."""
    above: list[ast.AST] = []

    def down(node: ast.AST) -> bool:
        if node is wanted:
            return True
        above.append(node)
        if any(down(child) for child in ast.iter_child_nodes(node)):
            return True
        above.pop()
        return False

    down(tree)
    return above


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> Callable[[ast.Module], None]:
    """Puts `new` where `old` is, in a deep copy of `tree`: the n-th node of a walk stays the n-th."""
    place = next(i for i, node in enumerate(ast.walk(tree)) if node is old)

    def change(mutated: ast.Module) -> None:
        target = next(node for i, node in enumerate(ast.walk(mutated)) if i == place)

        class Swap(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> ast.AST:
                return copy.deepcopy(new) if node is target else self.generic_visit(node)

        Swap().visit(mutated)

    return change

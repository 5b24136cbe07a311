"""The bundles of a corpus with the truth of each: inside the bundle, or beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput
from bot.evaluation.truth import Truth, read_truth

HEAD, TRUTH = "bundle.yaml", "truth.yaml"
DEEP = ("", "*/", "*/*/", "*/*/*/")  # a corpus may sort its bundles into folders; unlike "**" these follow links, and end
MOST = 20_000  # bundles of one corpus: ten times the largest split


@dataclass(frozen=True)
class Case:
    """One bundle and what is true of it. `name` is its place below the corpus."""

    name: str
    bundle: Path
    truth: Truth


def cases(corpus: Path) -> tuple[Case, ...]:
    """Every bundle below the folder, sorted by name. BadInput: no bundle, a bundle without truth, or a truth that cannot be read."""
    if not corpus.is_dir():
        raise BadInput("is not a folder" if corpus.exists() else "no such folder", place=str(corpus))
    bundles = sorted({head.parent for deep in DEEP for head in corpus.glob(f"{deep}{HEAD}") if head.is_file()})
    if not bundles:
        raise BadInput(f"holds no bundle (a folder with {HEAD})", place=str(corpus))
    if len(bundles) > MOST:
        raise BadInput(f"more than {MOST} bundles", place=str(corpus))
    alone = {bundle for bundle in bundles if sum(other.parent == bundle.parent for other in bundles) == 1}
    found = []
    for bundle in bundles:
        name = bundle.relative_to(corpus).as_posix()
        found.append(Case(bundle.name if name == "." else name, bundle, read_truth(truth_beside(bundle, bundle in alone))))
    return tuple(found)


def truth_beside(bundle: Path, alone: bool = True) -> Path:
    """The bundle's truth: inside it; `NAME.truth.yaml` beside it; or `truth.yaml` beside it, when it is the only bundle there."""
    places = [bundle / TRUTH, bundle / f"{bundle.name}.{TRUTH}", bundle.parent / f"{bundle.name}.{TRUTH}"]
    places += [bundle.parent / TRUTH] if alone else []
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise BadInput(f"has no truth: neither {TRUTH} in it nor {bundle.name}.{TRUTH} beside it", place=str(bundle))
    return found

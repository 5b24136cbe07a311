"""Generated drills, and whether the engine's own answer passes.

`python -m tests.bench.drills --solve 1000 --jobs 2 --kept solved.jsonl` takes hours; what is kept there is not solved again.
"""

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import orjson

from bot.cli.drill import workshop
from bot.drills.answered import engine, expert, naive
from bot.drills.exercise import Exercise, Workshop, solved
from bot.drills.quiz import QUIZZES
from bot.drills.scenarios.draw import Drawn, draw
from bot.drills.scenarios.recipe import recipes
from bot.evaluation.measure import share

FOLDER = Path(__file__).parents[2] / "playbooks" / "drills"
LIBRARY = tuple(one for one in recipes(FOLDER) if one.cause and one.type not in QUIZZES)


@dataclass(frozen=True)
class Solution:
    """`first`: the engine's answer passes on the first draw; `given`: on the drill that is given, after at most four draws."""

    number: int
    name: str
    cause: str
    first: bool
    given: bool
    engine: float
    expert: float
    ladder: float


def drawn(number: int) -> Drawn:
    return draw(LIBRARY[number % len(LIBRARY)], number)


@cache
def shop() -> Workshop:
    return workshop(FOLDER)


def solve(number: int) -> Solution:
    return asyncio.run(_solve(number))


async def _solve(number: int) -> Solution:
    recipe = LIBRARY[number % len(LIBRARY)]
    first = await shop().once(recipe, number)
    made = first if solved(first) else await shop().drawn(recipe, number)
    answers = {"engine": engine(made.seen.report, made.seen.received_at), "expert": expert(made.key), "ladder": naive(made.seen.naive)}
    scores = {name: made.mark(one).score for name, one in answers.items()}
    return Solution(number, recipe.name, _cause(made), solved(first), solved(made), **scores)


def _cause(made: Exercise) -> str:
    return made.key.truth.causes[0] if made.key.truth.causes else "insufficient_data"


def summary(solutions: Sequence[Solution]) -> str:
    first, given = share(sum(one.first for one in solutions), len(solutions)), share(sum(one.given for one in solutions), len(solutions))
    experts, ladders = [one.expert for one in solutions], [one.ladder for one in solutions]
    lines = [
        f"solved by the engine: first draw {first.hits}/{first.n} ({first.low:.2f}-{first.high:.2f}), "
        f"as given {given.hits}/{given.n} ({given.low:.2f}-{given.high:.2f})",
        f"the key's answers: {min(experts):g} to {max(experts):g}; below 90: {sum(one < 90 for one in experts)}",
        f"the naive ladder's: mean {sum(ladders) / len(ladders):.0f}, {max(ladders):g} at most",
        *(f"unsolved: {one.number} {one.name} {one.cause}" for one in solutions if not one.given),
    ]
    return "\n".join(lines)


def solved_all(wanted: int, jobs: int, kept: Path | None) -> list[Solution]:
    """The first `wanted` drills, in their order; what `kept` holds already is read, the rest is added to it as it comes."""
    held = [Solution(**orjson.loads(line)) for line in kept.read_bytes().splitlines()] if kept is not None and kept.exists() else []
    done = {one.number: one for one in held if one.number < wanted}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for ready in as_completed([pool.submit(solve, number) for number in range(wanted) if number not in done]):
            one = ready.result()
            done[one.number] = one
            if kept is not None:
                with kept.open("ab") as file:
                    file.write(orjson.dumps(asdict(one)) + b"\n")
    return [done[number] for number in sorted(done)]


def main(wanted: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--solve", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="JSON lines of what was solved, of this very commit")
    said = parser.parse_args(None if wanted is None else list(wanted))
    print(summary(solved_all(said.solve, said.jobs, said.kept)))


if __name__ == "__main__":
    main()

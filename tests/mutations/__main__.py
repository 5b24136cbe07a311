"""`python -m tests.mutations [--brief] [LAYER or CAUSE...]`: the count per check and the survivors by name.

Exit 1 when a check has a kind of mutant of which its cases notice none.
"""

import asyncio
import sys

from tests.mutations.trial import KINDS, Trial, attempt, examples, slugs


def line(one: Trial) -> str:
    """Killed of tried, by kind."""
    return f"{one.slug:34}" + "".join(f"{kind} {one.killed(kind):>3}/{one.tried[kind]:<3} " for kind in KINDS)


def total(trials: list[Trial]) -> str:
    sums = "".join(f"{kind} {sum(one.killed(kind) for one in trials):>3}/{sum(one.tried[kind] for one in trials):<4}" for kind in KINDS)
    return f"{len(trials)} checks: {sums}"


def main(argv: list[str]) -> int:
    brief, names = "--brief" in argv, [one for one in argv if not one.startswith("-")]
    wanted = [slug for slug in slugs() if not names or slug in names or slug.split(".")[0] in names]
    trials: list[Trial] = []
    wrong: list[str] = []
    for slug in wanted:
        try:
            one = attempt(slug, asyncio.run(examples(slug)))
        except Exception as error:  # one check that is being worked on does not hide the others
            wrong.append(f"{slug}: {type(error).__name__}: {error}"[:300])
            continue
        trials.append(one)
        wrong += [f"no {kind} of {slug} is held by a case" for kind in one.unheld]
        print(line(one), flush=True)
        if not brief:
            print("".join(f"  survived: {name}\n" for _, name in one.survivors), end="", flush=True)
    print("\n".join([total(trials), *wrong]))
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))

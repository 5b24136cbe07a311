"""One table, three slice searches: ours, sliceline and divexplorer. Run with a Python that has the named one; prints one JSON object.

python tests/bench/slicing.py sliceline|divexplorer TABLE.npz
"""

import json
import resource
import sys
import time

import numpy as np

SUPPORT = 0.01  # of rows: divexplorer cannot be told a largest length, and with less it does not end in minutes
MOST = 5  # slices a search may name: the planted one must be among them


def main(which: str, path: str) -> None:
    table = np.load(path)
    names = [str(name) for name in table["names"]]
    codes, bad, current = table["codes"], table["bad"], table["current"]
    began, used = time.perf_counter(), time.process_time()
    found = {"sliceline": sliceline, "divexplorer": divexplorer}[which](names, codes[current], bad[current])
    took = {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - used}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**took, "peak_mib": peak, "found": found}))


def sliceline(names: list[str], codes: np.ndarray, bad: np.ndarray) -> list[dict[str, int]]:
    """Best slices of at most two words; the current window alone, as it knows no baseline."""
    from sliceline.slicefinder import Slicefinder

    finder = Slicefinder(alpha=0.95, k=MOST, max_l=2, min_sup=20, verbose=False)
    finder.fit(codes + 1, bad.astype(float))
    return [{name: int(value) - 1 for name, value in zip(names, row, strict=True) if value is not None} for row in finder.top_slices_]


def divexplorer(names: list[str], codes: np.ndarray, bad: np.ndarray) -> list[dict[str, int]]:
    """The most divergent itemsets by its own t statistic."""
    import pandas as pd
    from divexplorer import DivergenceExplorer

    frame = pd.DataFrame({name: codes[:, at].astype(str) for at, name in enumerate(names)})
    frame["bad"] = bad.astype(int)
    explorer = DivergenceExplorer(frame)
    told = explorer.get_pattern_divergence(min_support=SUPPORT, attributes=names, boolean_outcomes=["bad"])
    told = told[told["itemset"].map(len).between(1, 2)]
    best = told[told["bad_div"] > 0].sort_values("bad_t", ascending=False).head(MOST)
    return [dict(_item(one) for one in itemset) for itemset in best["itemset"]]


def _item(said: str) -> tuple[str, int]:
    name, _, value = str(said).rpartition("=")
    return name, int(value)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

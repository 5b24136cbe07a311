"""SLICE: the table of catalogue 2.6 in small, healthy windows, trouble that is everywhere, and the names of one slice."""

import time

import numpy as np
import pytest

from bot.stats.lattice import Masks, Rows
from bot.stats.slice_names import preference
from bot.stats.slices import Predicate, SliceGates, search
from tests.stats.nulls import Dims, jaccard, planted, requests


def share_exact(seeds: int, n_c: int, words: int, rate: float, low: float = 0.035, high: float = 0.05) -> tuple[float, float]:
    """(found exactly, found at all): exactly is a row-Jaccard of .8 in C."""
    exact = detected = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        dims, p, in_b, in_c = requests(rng, 3 * n_c, n_c)
        mask = planted(rng, dims, in_c, words, low, high)
        bad = rng.random(len(p)) < np.where(mask & in_c, np.maximum(rate, p), p)
        found = search(bad, None, in_b, in_c, dims)
        detected += bool(found)
        exact += bool(found) and jaccard(found[0].mask & in_c, mask & in_c) >= 0.8
    return exact / seeds, detected / seeds


def test_a_broken_value_is_found_exactly() -> None:
    assert share_exact(25, 2000, 1, 0.6)[0] >= 0.96


def test_a_broken_pair_is_found_exactly() -> None:
    assert share_exact(25, 2000, 2, 0.6)[0] >= 0.92


def test_a_weakly_broken_pair_is_found_with_enough_traffic() -> None:
    assert share_exact(60, 2000, 2, 0.15)[0] >= 0.35  # catalogue: .47
    assert share_exact(15, 10_000, 2, 0.15)[0] >= 0.86


def test_a_broken_triple_is_found_with_enough_traffic() -> None:
    assert share_exact(8, 10_000, 3, 0.6)[0] >= 0.85


@pytest.mark.parametrize("n_c", [200, 500, 2000])
def test_healthy_windows_have_no_slice(n_c: int) -> None:
    """A plug-in binomial tail with BH at .01 would find one in 22 to 32 % of these windows."""
    false = 0
    for seed in range(200):
        rng = np.random.default_rng(50_000 + seed)
        dims, p, in_b, in_c = requests(rng, 3 * n_c, n_c)
        false += bool(search(rng.random(len(p)) < p, None, in_b, in_c, dims))
    assert false / 200 <= 0.02


@pytest.mark.parametrize("rise", [0.03, 0.10])
def test_trouble_that_is_everywhere_has_no_slice(rise: float) -> None:
    false = 0
    for seed in range(60):
        rng = np.random.default_rng(70_000 + seed)
        dims, p, in_b, in_c = requests(rng, 6000, 2000)
        false += any(one.share_of_traffic <= 0.7 for one in search(rng.random(len(p)) < p + rise * in_c, None, in_b, in_c, dims))
    assert false / 60 <= 0.04


def test_a_slice_must_stand_out_from_a_rise_of_all() -> None:
    """Everybody rose from 2 % to 10 %, and 60 % of the traffic to a little more: still everybody's trouble."""
    rng = np.random.default_rng(8)
    n = 40_000
    route = np.where(rng.random(n) < 0.6, 0, 1)
    in_c = np.arange(n) >= 30_000
    dims: Dims = {"route": (("/a", "/b"), route)}
    for rate, found in ((0.16, 0), (0.24, 1)):
        bad = rng.random(n) < np.where(in_c, np.where(route == 0, rate, 0.10), 0.02)
        assert len(search(bad, None, ~in_c, in_c, dims)) == found
        assert len(search(bad, None, ~in_c, in_c, dims, gates=SliceGates(contrast=1.0))) == 1


def test_a_further_word_must_earn_its_price() -> None:
    """49 of 92 are bad in one half of a slice and 1 of 8 in the other: 1.7 more log-likelihood, for a word that costs 3."""
    history = np.arange(6000) % 50 == 0
    now = np.concatenate([np.arange(92) < 49, np.arange(8) < 1, np.arange(1900) % 50 == 0])
    in_c = np.arange(8000) >= 6000
    tenant = np.concatenate([np.arange(6000) // 50 % 20 == 7, np.arange(2000) < 100]).astype(np.int64)
    client = np.concatenate([np.arange(6000) // 1000 % 2 == 0, np.arange(92) < 92, np.arange(8) < 0, np.arange(1900) % 2 == 0]).astype(
        np.int64
    )
    dims: Dims = {"tenant": (("others", "acme"), tenant), "client": (("app", "web"), client)}
    told = [
        search(np.concatenate([history, now]), None, ~in_c, in_c, dims, gates=gates)[0].where
        for gates in (SliceGates(), SliceGates(per_predicate=0.0))
    ]
    assert told[0] == (Predicate("tenant", "acme"),)
    assert set(told[1]) == {Predicate("tenant", "acme"), Predicate("client", "web")}


def test_a_small_cell_is_expected_to_fail_as_its_two_values_do() -> None:
    rng, dims, in_b, in_c = plain()
    bad = rng.random(8000) < 0.02
    rows = Rows(np.flatnonzero(in_b), np.flatnonzero(in_c), bad[in_b], bad[in_c], None, None)
    masks = Masks(rows, [dims["tenant"][1] == 3, dims["route"][1] == 0])
    crossed = masks.crossed(masks, np.array([0.08, 0.06]), np.array([0.08, 0.06]))
    assert crossed.prior[0, 1] == pytest.approx(0.08 * 0.06 / rows.rate)
    assert crossed.n_c[0, 1] == ((dims["tenant"][1] == 3) & (dims["route"][1] == 0) & in_c).sum()
    assert crossed.x_b[1, 1] == (bad & (dims["route"][1] == 0) & in_b).sum()
    low = masks.crossed(masks, np.full(2, 1e-4), np.full(2, 1e-4))
    assert low.prior[0, 1] == pytest.approx(rows.rate)  # two good values are no promise of a better cell


def test_nearly_all_rows_are_no_slice() -> None:
    rng, _, in_b, in_c = plain()
    bad = rng.random(8000) < np.where(in_c, 0.3, 0.02)
    for few, found in ((0.04, 0), (0.07, 1)):
        env = np.where(np.arange(8000) % 100 < 100 * few, 0, 1)
        dims: Dims = {"env": (("canary", "prod"), env)}
        assert len(search(bad & ((env == 1) | in_b), None, in_b, in_c, dims)) == found


def test_two_faults_are_two_slices() -> None:
    both = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        dims, p, in_b, in_c = requests(rng, 6000, 2000)
        one, other = planted(rng, dims, in_c, 1, 0.03, 0.08), planted(rng, dims, in_c, 1, 0.03, 0.08)
        bad = rng.random(len(p)) < np.where((one | other) & in_c, 0.6, p)
        found = search(bad, None, in_b, in_c, dims)
        both += all(any(jaccard(slice_.mask & in_c, mask & in_c) >= 0.75 for slice_ in found) for mask in (one, other))
    assert both >= 17


def plain(
    n: int = 8000, seed: int = 1
) -> tuple[np.random.Generator, dict[str, tuple[tuple[str, ...], np.ndarray]], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    tenants = tuple(f"t{i:02d}" for i in range(20))
    dims: Dims = {"tenant": (tenants, rng.integers(0, 20, n)), "route": (("/a", "/b", "/c"), rng.integers(0, 3, n))}
    in_c = np.arange(n) >= n * 3 // 4
    return rng, dims, ~in_c, in_c


def test_every_name_of_the_same_rows_is_told_and_versions_come_first() -> None:
    rng, dims, in_b, in_c = plain()
    mine = dims["tenant"][1] == 3
    dims["prompt_version"] = (("v6", "v7"), np.where(mine & in_c, 1, 0))  # the tenant got a prompt of its own
    dims["locale"] = (("de", "en"), np.where(mine, 0, 1))
    bad = rng.random(8000) < np.where(mine & in_c, 0.5, 0.02)
    found = search(bad, None, in_b, in_c, dims)
    assert found[0].where == (Predicate("prompt_version", "v7"),)
    assert found[0].equivalent == ((Predicate("tenant", "t03"),), (Predicate("locale", "de"),))
    assert found[0].share_of_excess > 0.9
    assert found[0].share_of_traffic == pytest.approx(mine[in_c].mean())


def test_a_chronic_difference_is_no_slice() -> None:
    rng, dims, in_b, in_c = plain()
    p = np.where(dims["tenant"][1] == 3, 0.4, 0.02)
    assert search(rng.random(8000) < p, None, in_b, in_c, dims) == ()


def test_dimensions_with_several_values_a_row_come_as_masks() -> None:
    rng, dims, in_b, in_c = plain()
    sources = [rng.random(8000) < share for share in (0.6, 0.3, 0.1)]
    bad = rng.random(8000) < np.where(sources[2] & in_c, 0.4, 0.02)
    found = search(bad, None, in_b, in_c, dims, {"source_id": (("docs", "faq", "kb"), sources)})
    assert found[0].where == (Predicate("source_id", "kb"),)
    assert found[0].n_c == sources[2][in_c].sum()
    assert found[0].bad_c == (bad & sources[2] & in_c).sum()
    both = sources[1] & (dims["route"][1] == 0)
    bad = rng.random(8000) < np.where(both & in_c, 0.5, 0.02)
    pair = search(bad, None, in_b, in_c, dims, {"source_id": (("docs", "faq", "kb"), sources)})
    assert set(pair[0].where) == {Predicate("source_id", "faq"), Predicate("route", "/a")}


def test_sampling_weights_scale_counts_and_not_certainty() -> None:
    rng, dims, in_b, in_c = plain()
    mine = dims["tenant"][1] == 3
    bad = rng.random(8000) < np.where(mine & in_c, 0.5, 0.02)
    one, ten = search(bad, None, in_b, in_c, dims), search(bad, np.full(8000, 10.0), in_b, in_c, dims)
    assert ten[0].where == one[0].where
    assert ten[0].n_c == 10 * one[0].n_c
    assert ten[0].p == pytest.approx(one[0].p, rel=1e-3)
    assert ten[0].share_of_excess == pytest.approx(one[0].share_of_excess)


def test_each_floor_holds() -> None:
    rng, dims, in_b, in_c = plain()
    mine = dims["tenant"][1] == 3
    bad = rng.random(8000) < np.where(mine & in_c, 0.5, 0.02)
    assert len(search(bad, None, in_b, in_c, dims)) == 1
    n = float((mine & in_c).sum())
    dims = {"tenant": dims["tenant"]}
    for gates in (SliceGates(min_n=n + 1), SliceGates(min_bad=n), SliceGates(ratio=60.0), SliceGates(excess=1.01), SliceGates(q=1e-200)):
        assert search(bad, None, in_b, in_c, dims, gates=gates) == ()
    assert len(search(bad, None, in_b, in_c, dims, gates=SliceGates(min_n=n))) == 1


def test_a_dimension_that_is_seldom_recorded_is_not_read() -> None:
    rng, dims, in_b, in_c = plain()
    mine = dims["tenant"][1] == 3
    bad = rng.random(8000) < np.where(mine & in_c, 0.5, 0.02)
    values, codes = dims["tenant"]
    seldom = {"tenant": (values, np.where(rng.random(8000) < 0.7, codes, -1))}
    assert search(bad, None, in_b, in_c, seldom) == ()
    often = {"tenant": (values, np.where(rng.random(8000) < 0.9, codes, -1))}
    assert len(search(bad, None, in_b, in_c, often)) == 1


def test_nothing_to_search_is_an_empty_answer() -> None:
    none = np.zeros(0, dtype=np.bool_)
    assert search(none, None, none, none, {}) == ()
    rng, dims, in_b, in_c = plain()
    assert search(np.zeros(8000, dtype=np.bool_), None, in_b, in_c, dims) == ()
    assert search(rng.random(8000) < 0.5, None, np.zeros(8000, dtype=np.bool_), in_c, dims) == ()
    assert search(rng.random(8000) < 0.02, None, in_b, in_c, {}) == ()


def test_names_are_ranked_by_what_people_can_act_on() -> None:
    names = [(Predicate(dim, "x"),) for dim in ("locale", "tenant", "region", "flag:new_parser", "prompt_version", "zzz")]
    told = [name[0].dim for name in sorted(names, key=preference)]
    assert told == ["prompt_version", "flag:new_parser", "region", "tenant", "locale", "zzz"]
    assert preference((Predicate("locale", "de"),)) < preference((Predicate("prompt_version", "v"), Predicate("tenant", "t")))


def test_forty_thousand_rows_and_twelve_dimensions_take_half_a_second() -> None:
    rng = np.random.default_rng(3)
    dims, p, in_b, in_c = requests(rng, 30_000, 10_000, dims=12)
    mask = planted(rng, dims, in_c, 2, 0.02, 0.05)
    bad = rng.random(len(p)) < np.where(mask & in_c, 0.3, p)
    took = []
    for _ in range(3):  # the quickest: a collection of other tests' garbage is not the search
        began = time.process_time()
        found = search(bad, None, in_b, in_c, dims)
        took.append(time.process_time() - began)
    assert min(took) < 0.5
    assert jaccard(found[0].mask & in_c, mask & in_c) >= 0.8


def test_the_order_of_rows_and_dimensions_does_not_matter() -> None:
    rng, dims, in_b, in_c = plain()
    mine = dims["tenant"][1] == 3
    bad = rng.random(8000) < np.where(mine & in_c, 0.3, 0.02)
    order = rng.permutation(8000)
    turned = {name: (dims[name][0], dims[name][1][order]) for name in sorted(dims, reverse=True)}
    one, other = search(bad, None, in_b, in_c, dims), search(bad[order], None, in_b[order], in_c[order], turned)
    assert [(x.where, x.equivalent, x.p, x.score, x.n_c) for x in one] == [(x.where, x.equivalent, x.p, x.score, x.n_c) for x in other]

"""The weights and floors of search, in one place, with where each number is from.

Fitted on three public sets, prometheus-operator (99 alerts, 108 runbooks), cortex (47, 59) and tempo (32, 40), pooled: each alert with
its runbook on the shelf, with that runbook taken off, and against the other vendors' runbooks alone. tests/public/test_runbooks.py fits
on two of them and tests on the third, in turn, and prints both.
"""

VERSION = "2026-11-21.1"

# score = LEXICAL * bm25 + DENSE * cosine, both 0..1. 2.2 : 1 is where BM25 in its usual scale and cosine weigh the same;
# R@1 is flat (+-.02) from 0.7 to 1.5 times that, so it was left there rather than tuned.
LEXICAL = 0.6875
DENSE = 0.3125

LEAD = 0.5  # standing = score + LEAD * (score - mean of ranks 3 to 5): one that stands out is worth more than one of a crowd
FLOOR = 0.47  # standing below which nothing is named; highest mean of kept and refused on the three sets
FLOOR_UNNAMED = 0.80  # the alert has a name, the shelf is named by alerts, and none of them is it: only a close call passes
FLOOR_LEXICAL = 0.41  # the same for a shelf without embeddings, on BM25 alone
FLOOR_LEXICAL_UNNAMED = 0.80
NAMED_SHELF = 0.5  # share of runbooks named like alerts above which a missing name says something

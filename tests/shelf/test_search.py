"""Bound first, then words and meaning; the floor says no; nobody reads what is not theirs."""

from collections.abc import Sequence

import numpy as np
import pytest

from bot.errors import SourceUnavailable
from bot.model.report import NextAction
from bot.model.runbook import Passage, Runbook
from bot.shelf.calibration import Evidence, fitted
from bot.shelf.dense import Dense
from bot.shelf.lexical import Lexical
from bot.shelf.passages import openings, to_embed
from bot.shelf.search import Weighed
from bot.shelf.shelf import Asked, Shelf
from bot.shelf.twins import twins
from bot.shelf.words import names, phrases, plain, words
from tests.fakes_shelf import MemoryVectors, WordEmbedder

NOBODY: frozenset[str] = frozenset()
STEP = NextAction(action="Fail over.", verify="Timeouts below 1 %.", rollback="Fail back.")
FILLER = [
    ("kube/pods.md", "Pods restart", "A container exits and is started again; read its last log."),
    ("kube/nodes.md", "Node not ready", "The kubelet stopped reporting; drain the node."),
    ("db/replication.md", "Replication lag", "The standby is behind the primary; look at the network and at long transactions."),
    ("db/locks.md", "Lock waits", "Sessions wait for each other; find the oldest transaction and end it."),
    ("mail/queue.md", "Mail queue grows", "The relay refuses; check its certificate and the block list."),
    ("dns/errors.md", "Name lookups fail", "The resolver answers SERVFAIL; check the forwarders."),
]


def book(path: str, title: str, body: str, **more: object) -> Runbook:
    return Runbook.model_validate({"id": path.rsplit("/", 1)[-1].removesuffix(".md"), "path": path, "title": title, "body": body, **more})


def library(*extra: Runbook) -> list[Runbook]:
    return [book(*row) for row in FILLER] + list(extra)


TIMEOUT = book(
    "retrieval/timeout.md",
    "Retrieval timeouts (search index replica lost)",
    "The vector store answers after the deadline. Count timeouts by source.",
    id="retrieval.timeout",
    causes=["retrieval.timeout"],
    next=[STEP],
)


async def dense(books: Sequence[Runbook]) -> Dense:
    store, embedder = MemoryVectors(), WordEmbedder()
    passages = [Passage(id=f"{b.path}#0", path=b.path, title=b.title, heading="", text=b.body, groups=b.groups) for b in books]
    await store.put(passages, await embedder.embed([to_embed(passage) for passage in passages]))
    opened = {b.path: np.array(await embedder.embed(openings(b)), dtype=np.float32) for b in books}
    return Dense(store, embedder, opened)


async def test_a_runbook_bound_to_the_cause_needs_no_embedder() -> None:
    class NeverAsked(WordEmbedder):
        async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
            raise AssertionError("a bound lookup embeds nothing")

    shelf = Shelf(library(TIMEOUT), Dense(MemoryVectors(), NeverAsked()))
    (hit,) = await shelf.for_cause("retrieval.timeout", None)
    assert (hit.id, hit.score, hit.why) == ("retrieval.timeout", 1.0, "bound to retrieval.timeout")
    assert shelf.next_actions("retrieval.timeout") == (STEP,)
    assert shelf.next_actions("tool.loop") == ()
    assert await shelf.for_cause("tool.loop", None) == ()


async def test_a_service_s_own_runbook_goes_before_the_general_one_and_another_service_s_is_left_out() -> None:
    own = book("own.md", "Ours", "x", causes=["retrieval.timeout"], services=["assistant"])
    other = book("other.md", "Theirs", "x", causes=["retrieval.timeout"], services=["billing"])
    shelf = Shelf([TIMEOUT, other, own])
    assert [hit.path for hit in await shelf.for_cause("retrieval.timeout", "assistant")] == ["own.md", TIMEOUT.path]
    assert [hit.path for hit in await shelf.for_cause("retrieval.timeout", None)] == [TIMEOUT.path]


async def test_a_runbook_kept_to_a_group_never_reaches_a_report() -> None:
    kept = book("kept.md", "Breach", "x", causes=["infra.abuse_injection"], groups=["security"], next=[STEP])
    shelf = Shelf([kept])
    assert await shelf.for_cause("infra.abuse_injection", None) == ()
    assert shelf.next_actions("infra.abuse_injection") == ()


async def test_open_runbook_finds_by_id() -> None:
    shelf = Shelf(library(TIMEOUT))
    assert shelf.runbook("retrieval.timeout") == TIMEOUT
    assert shelf.runbook("nothing") is None


@pytest.mark.parametrize(
    "query",
    ["KubePodCrashLooping: pods restart", "firing: [kube-pod-crash-looping] something about mail", "Kube Pod Crash Looping"],
)
async def test_an_alert_s_name_binds_whatever_the_rest_says(query: str) -> None:
    named = book("kube/KubePodCrashLooping.md", "Kube Pod Crash Looping", "nothing of use")
    ranking = await Shelf(library(named)).rank(query, 3, NOBODY)
    assert ranking.match
    assert (ranking.hits[0].path, ranking.hits[0].score, ranking.hits[0].why) == (named.path, 1.0, "named by the alert")


async def test_a_plain_word_is_no_name() -> None:
    shelf = Shelf(library(TIMEOUT, book("x/Watchdog.md", "Watchdog", "always firing")))
    assert names("the timeout of a mail") == ()
    assert (await shelf.rank("Timeout of the mail relay queue", 1, NOBODY)).hits[0].path == "mail/queue.md"
    assert (await shelf.rank("Watchdog is firing", 1, NOBODY)).hits[0].path == "x/Watchdog.md"


async def test_found_by_its_words() -> None:
    for shelf in (Shelf(library(TIMEOUT)), Shelf(library(TIMEOUT), await dense(library(TIMEOUT)))):
        (hit, *_) = await shelf.search("vector store timeouts, answers after its deadline", 3, NOBODY)
        assert hit.path == TIMEOUT.path
        assert hit.why == "found by its words"
        assert 0 < hit.score < 1


@pytest.mark.parametrize("query", ["best lasagna recipe for ten people", "zzzz qqqq", "", "   ", "the of and", "\x00\ufffd" * 50])
async def test_nonsense_matches_nothing(query: str) -> None:
    for shelf in (Shelf(library(TIMEOUT)), Shelf(library(TIMEOUT), await dense(library(TIMEOUT)))):
        assert await shelf.search(query, 3, NOBODY) == ()
        assert not (await shelf.rank(query, 3, NOBODY)).match


async def test_an_alert_with_a_name_of_its_own_is_refused_by_a_shelf_named_by_alerts() -> None:
    shelf = Shelf([book(f"{name}.md", name, f"{name} body, look at the database") for name in ("DiskWillFill", "DatabaseDown", "NodeDown")])
    asked = "the database replica is down"
    assert (await shelf.rank(asked, 1, NOBODY)).hits[0].path == "DatabaseDown.md"
    assert not (await shelf.rank(f"PaymentsFraudModelStale {asked}", 1, NOBODY)).match


async def test_what_a_person_may_not_read_is_neither_found_nor_named() -> None:
    kept = book("kept/KeyLeaked.md", "Signing key leaked", "Rotate the signing key at once.", groups=["security"])
    books = library(kept)
    for shelf in (Shelf(books), Shelf(books, await dense(books))):
        for query in ("KeyLeaked", "signing key leaked, rotate it"):
            assert kept.path not in [hit.path for hit in (await shelf.rank(query, 10, NOBODY)).hits]
            assert kept.path not in [hit.path for hit in (await shelf.rank(query, 10, frozenset({"sales"}))).hits]
            assert (await shelf.search(query, 1, frozenset({"security"})))[0].path == kept.path


async def test_a_shelf_nobody_may_read_and_an_empty_one_answer_no() -> None:
    for shelf in (Shelf([book("a.md", "A", "text", groups=["x"])]), Shelf([])):
        ranking = await shelf.rank("text", 5, NOBODY)
        assert (ranking.match, ranking.hits) == (False, ())


async def test_when_embeddings_do_not_answer_words_do() -> None:
    class Down(WordEmbedder):
        async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
            raise SourceUnavailable("down")

    books = library(TIMEOUT)
    alone = await Shelf(books).rank("vector store timeouts", 3, NOBODY)
    assert await Shelf(books, Dense(MemoryVectors(), Down())).rank("vector store timeouts", 3, NOBODY) == alone


async def test_many_questions_are_embedded_at_once_and_answered_as_if_alone() -> None:
    books = library(TIMEOUT)
    shelf = Shelf(books, await dense(books))
    asked = [Asked("vector store timeouts"), Asked("mail queue"), Asked("lasagna")]
    together = await shelf.rank_all(asked, 3)
    assert together == tuple([await shelf.rank(one.query, 3, one.groups) for one in asked])


async def test_ties_are_in_order_of_path() -> None:
    books = [book(f"{name}.md", "same", "same text") for name in ("b", "a", "c")]
    assert [hit.path for hit in (await Shelf(books).rank("same text", 3, NOBODY)).hits] == ["a.md", "b.md", "c.md"]


def test_identifiers_are_taken_apart_and_endings_cut() -> None:
    assert words("KubePodCrashLooping") == ["kube", "pod", "crash", "loop"]
    assert words("HTTPServer 5xx_rate") == ["http", "server", "5xx", "rate"]
    assert words("retries, retry, retried") == ["retry", "retry", "retry"]
    assert words("dropping drops dropped, lagging lags") == ["drop", "drop", "drop", "lag", "lag"]
    assert words("passing called adding failed") == ["pass", "call", "add", "fail"]
    assert words("the addresses of queries") == words("address query")


def test_bm25_is_a_share_and_unknown_words_count_against_it() -> None:
    lexical = Lexical([["disk", "full"], ["disk", "slow"], ["mail"]])
    known = lexical.scores(["full"])
    assert known[0] > 0
    assert known[1] == known[2] == 0
    assert lexical.scores(["full", "lasagna"])[0] < known[0] / 2
    assert 0 <= lexical.scores(["disk", "full"]).max() <= 1
    assert lexical.scores([]).tolist() == [0, 0, 0]


def weighed(*scores: float) -> Weighed:
    score = np.array(scores)
    return Weighed(score=score, words=score / 2, opening_words=score / 4, phrases=score * 0, opening=score)


def test_the_margin_is_over_ranks_three_to_five_because_the_second_is_often_a_sibling() -> None:
    assert weighed(0.5, 0.5, 0.1, 0.1, 0.1).evidence(range(5)).margin == pytest.approx(0.4)
    assert weighed(0.5, 0.1, 0.5, 0.5, 0.5).evidence(range(5)).margin == pytest.approx(0.0)
    assert weighed(0.5, 0.2).evidence(range(2)).margin == pytest.approx(0.5)
    assert weighed(0.2, 0.8).evidence([1, 0]).words == pytest.approx(0.4)


def test_more_evidence_is_never_less_chance_and_the_floor_is_between_nothing_and_all() -> None:
    for half in (fitted().dense, fitted().lexical):
        assert all(weight >= 0 for weight in half.stand.weigh.model_dump().values())
        assert sum(half.mix.model_dump().values()) == pytest.approx(1.0)
        nothing = Evidence(margin=0, words=0, opening_words=0, phrases=0)
        everything = Evidence(margin=1, words=1, opening_words=1, phrases=1, opening=1)
        assert half.stand.chance(nothing) < half.stand.floor <= half.stand.floor_unnamed < half.stand.chance(everything)
    assert fitted().provenance["sets"]


def test_near_duplicates_are_folded_into_the_first_unless_others_may_read_them() -> None:
    text = " ".join(f"step {number} look at the disk of host {number} and free some space" for number in range(12))
    books = [book("a/disk.md", "Disk", text), book("b/disk.md", "Disk", text + " now"), book("c/disk.md", "Disk", text, groups=["ops"])]
    other = book("d/mail.md", "Mail", " ".join(f"queue {number} of the relay grows and grows" for number in range(12)))
    assert twins([*books, other]) == (0, 0, 2, 3)
    assert twins([book("x.md", "X", "TODO"), book("y.md", "Y", "TODO")]) == (0, 1)


async def test_a_near_duplicate_takes_no_place_and_is_no_rival() -> None:
    text = " ".join(f"step {number} look at the disk of host {number} and free some space" for number in range(12))
    copies = [book(f"{folder}/disk.md", "Disk full", text) for folder in "abcde"]
    ranking = await Shelf([*library(), *copies]).rank("disk full, free some space", 3, NOBODY)
    assert ranking.match
    assert ranking.hits[0].path == "a/disk.md"
    assert not any(hit.path.endswith("disk.md") for hit in ranking.hits[1:])


def test_what_opens_a_runbook() -> None:
    body = (
        "# Disk full\n\n## Meaning\n\nThe disk of a [node](https://n.test) is full. Writes fail.\n\n"
        "```sh\ndf -h | sort everything\n```\n\nFree some space."
    )
    opened = openings(book("d/disk.md", "Disk full", body))
    assert opened[:3] == ("Disk full", "The disk of a node is full.", "Free some space.")
    assert openings(book("d001.md", "d001", "It is full of things here.")) == ("It is full of things here.",)
    assert openings(book("d001.md", "d001", "")) == ("d001",)


def test_a_stub_says_what_its_links_lead_to() -> None:
    stub = "More information in [blog](https://b.test/posts/debugging-out-of-order-samples?utm=a-b-c-d)."
    assert "debugging out of order samples" in openings(book("d001.md", "d001", stub))
    for said in ("https://b.test/", "[x](https://b.test/index.html)", "[x](https://b.test/a1b2-c3d4-e5f6)", "[x](#out-of-order-samples)"):
        opened = openings(book("d001.md", "d001", f"Nothing is known here. {said}"))
        assert not any(line in ("out of order samples", "index html", "x") for line in opened)
    told = "One sentence of it. Another sentence of it. A third sentence of it. https://b.test/debugging-out-of-order-samples"
    assert not any(line == "debugging out of order samples" for line in openings(book("d001.md", "d001", told)))


def test_holes_of_an_alert_s_template_are_no_words() -> None:
    assert plain("Pod <var>/<var> of {{ $labels.job }} is $value%  down") == "Pod / of is % down"
    assert phrases(["disk", "full", "now"]) == ["disk full", "full now"]
    assert phrases(["disk"]) == phrases([]) == []

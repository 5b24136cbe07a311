"""The limits themselves, each at its edge, and that whatever is handed in, something legal goes out."""

import pytest
import slackblocks
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack import limits
from bot.slack.blocks.kit import Message, bullets, button, context, header, plain, preformatted, rich, run, section
from bot.slack.limits import TooLarge, fit, fit_view, problems, view_problems


def one(block: dict) -> tuple[str, ...]:
    return problems([block], "text")


def button_of(label: str = "a", value: str = "v", spoken: str = "s") -> dict:
    return {"type": "button", "action_id": "a", "text": plain(label), "value": value, "accessibility_label": spoken}


def select(options: int) -> dict:
    rows = [{"text": plain("o"), "value": str(row)} for row in range(options)]
    return {"type": "input", "label": plain("l"), "element": {"type": "static_select", "action_id": "a", "options": rows}}


@pytest.mark.parametrize(
    ("legal", "broken"),
    [
        ({"type": "header", "text": plain("x" * 150)}, {"type": "header", "text": plain("x" * 151)}),
        ({"type": "header", "text": plain("🦊" * 75)}, {"type": "header", "text": plain("🦊" * 76)}),
        ({"type": "section", "text": plain("x" * 3000)}, {"type": "section", "text": plain("x" * 3001)}),
        ({"type": "section", "fields": [plain("x")] * 10}, {"type": "section", "fields": [plain("x")] * 11}),
        ({"type": "section", "fields": [plain("x" * 2000)]}, {"type": "section", "fields": [plain("x" * 2001)]}),
        ({"type": "context", "elements": [plain("x")] * 10}, {"type": "context", "elements": [plain("x")] * 11}),
        ({"type": "actions", "elements": [button_of()] * 25}, {"type": "actions", "elements": [button_of()] * 26}),
        ({"type": "actions", "elements": [button_of(label="x" * 75)]}, {"type": "actions", "elements": [button_of(label="x" * 76)]}),
        ({"type": "actions", "elements": [button_of(value="x" * 2000)]}, {"type": "actions", "elements": [button_of(value="x" * 2001)]}),
        ({"type": "actions", "elements": [button_of(spoken="x" * 75)]}, {"type": "actions", "elements": [button_of(spoken="x" * 76)]}),
        (select(100), select(101)),
        (rich(section(run("x" * 3000))), rich(section(run("x" * 3001)))),
        (rich(section(run("x"))), {"type": "rich_text", "elements": []}),
        ({"type": "divider", "block_id": "x" * 255}, {"type": "divider", "block_id": "x" * 256}),
        ({"type": "divider"}, {"type": "alert", "text": plain("only in modals")}),
    ],
)
def test_each_limit_holds_at_its_edge(legal: dict, broken: dict):
    assert one(legal) == ()
    assert one(broken) != ()


def test_the_message_as_a_whole_has_limits():
    small = {"type": "divider"}
    assert problems([small] * 50, "t") == ()
    assert problems([small] * 51, "t")
    assert problems([], "t")
    assert problems([small], " ")
    assert problems([small], "t" * 4001)
    assert problems([{**small, "block_id": "a"}, {**small, "block_id": "a"}], "t") == ("block_id: used twice",)
    row = {"type": "section", "text": plain("x" * 3000)}
    assert problems([row] * 4, "t") == ()
    assert problems([row] * 4 + [{"type": "section", "text": plain("x")}], "t") == ("blocks: 12001 characters, over 12000",)


def test_a_modal_has_its_own_limits():
    view = {"type": "modal", "title": plain("x" * 24), "blocks": [{"type": "divider"}], "private_metadata": "x" * 3000}
    assert view_problems(view) == ()
    assert view_problems({**view, "title": plain("x" * 25)})
    assert view_problems({**view, "private_metadata": "x" * 3001})
    assert view_problems({**view, "blocks": [{"type": "divider"}] * 101})


def card_of(**sizes: int) -> Message:
    blocks = [{"type": "section", "block_id": f"{name}.1", "text": plain(name[0] * size)} for name, size in sizes.items()]
    return Message(text="what it says", blocks=tuple(blocks))


def test_the_footer_goes_before_the_evidence_and_the_verdict_stays():
    fitted = fit(
        Message(
            text="t",
            blocks=tuple(
                {"type": "section", "block_id": f"{name}.1", "fields": [plain("x" * 1000)] * 3}
                for name in ("heading", "facts", "verdict", "evidence", "footer")
            ),
        )
    )
    assert [limits.part(block) for block in fitted.blocks] == ["heading", "facts", "verdict", "evidence"]


def test_strict_raises_where_production_trims():
    message = card_of(verdict=3001)
    with pytest.raises(TooLarge, match="over 3000"):
        fit(message, strict=True)
    assert problems(fit(message).blocks, fit(message).text) == ()


json_blocks = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.just("x" * 13_000), st.sampled_from(["plain_text", "header", "button"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "text", "elements", "fields", "value"]), inner, max_size=4)
    ),
    max_leaves=12,
)
kinds = st.sampled_from(["header", "section", "context", "actions", "rich_text", "divider", "input", "video", "nonsense"])
blocks = st.builds(
    lambda kind, name, body: {**body, "type": kind, "block_id": name},
    kinds,
    st.sampled_from(["verdict.1", "heading.1", "footer.1", "x" * 300]),
    st.dictionaries(st.sampled_from(["text", "elements", "fields"]), json_blocks, max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(blocks, max_size=8), st.sampled_from(["t", "", "x" * 50_000]), st.integers(1, 12))
def test_whatever_is_handed_in_something_legal_with_a_text_goes_out(rows: list[dict], text: str, times: int):
    fitted = fit(Message(text=text, blocks=tuple(rows * times)))
    assert problems(fitted.blocks, fitted.text) == ()
    assert fitted.text
    view = fit_view({"type": "modal", "title": plain(text), "blocks": rows * times})
    assert view_problems(view) == ()


def test_an_independent_library_accepts_the_blocks_in_use():
    """slackblocks validates while it builds: the same blocks, built with it, come out the same."""
    theirs = slackblocks.HeaderBlock(
        text=slackblocks.Text("x" * 150, type_=slackblocks.TextType.PLAINTEXT, emoji=False), block_id="b"
    )._resolve()
    assert theirs["text"]["text"] == header("x" * 150)["text"]["text"]
    assert set(theirs) == {*header("x"), "block_id"}
    shape = rich(section(run("bold", bold=True), run("plain")), bullets([[run("one")], [run("two")]]), preformatted("code", 100))
    built = slackblocks.RichTextBlock(
        [
            slackblocks.RichTextSection([slackblocks.RichText("bold", bold=True), slackblocks.RichText("plain")]),
            slackblocks.RichTextList(
                "bullet",
                [slackblocks.RichTextSection([slackblocks.RichText("one")]), slackblocks.RichTextSection([slackblocks.RichText("two")])],
            ),
            slackblocks.RichTextCodeBlock([slackblocks.RichText("code")]),
        ],
        block_id="b",
    )._resolve()
    assert slimmed(built["elements"]) == slimmed(shape["elements"])
    pressed = slackblocks.Button(
        text=slackblocks.Text("Go", type_=slackblocks.TextType.PLAINTEXT, emoji=False), action_id="a", value="v", accessibility_label="s"
    )
    assert slimmed(pressed._resolve()) == slimmed(button("a", "Go", "v", "s"))
    with pytest.raises(slackblocks.InvalidUsageError):
        slackblocks.HeaderBlock(text="x" * 151)._resolve()
    assert context("x")["type"] == "context"


def slimmed(value: object) -> object:
    """Without the defaults that one side spells out."""
    if isinstance(value, dict):
        return {name: slimmed(inner) for name, inner in value.items() if inner not in (False, None, {}, 0) and name not in {"block_id"}}
    return [slimmed(inner) for inner in value] if isinstance(value, list | tuple) else value

"""Folders of Markdown become runbooks and passages, whatever is in them."""

from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.shelf import front_matter, passages, read
from bot.shelf.passages import sections
from bot.shelf.read import read_folders


def write(folder: Path, path: str, text: str | bytes) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)


HEAD = """---
id: tool.loop
title: Agent is looping
causes: [tool.loop]
services: assistant
groups: []
owner: agents
reviewed_on: 2026-11-21
next:
  - {action: Stop it., verify: It stopped., rollback: Start it.}
weight: 20
---
# Heading

Text.
"""


def test_front_matter_becomes_the_runbook_and_unknown_keys_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "tool/loop.md", HEAD)
    (document,) = read_folders([tmp_path]).documents
    book = document.runbook
    assert (book.id, book.path, book.title) == ("tool.loop", "tool/loop.md", "Agent is looping")
    assert (book.causes, book.services, book.groups) == (("tool.loop",), ("assistant",), ())
    assert (book.owner, book.reviewed_on, book.next[0].verify) == ("agents", "2026-11-21", "It stopped.")
    assert document.passages[0].causes == ("tool.loop",)


def test_without_front_matter_the_first_heading_is_the_title_and_the_file_the_id(tmp_path: Path) -> None:
    write(tmp_path, "HighLoad.md", "intro\r\n\r\n# High load\r\ntext\r\n## Then\r\nmore")
    write(tmp_path, "bare.markdown", "only text")
    titles = {document.runbook.id: document.runbook.title for document in read_folders([tmp_path]).documents}
    assert titles == {"HighLoad": "High load", "bare": "bare"}


def test_passages_are_sections_and_code_holds_no_headings() -> None:
    body = "before\n# One\ntext\n```sh\n# not a heading\n```\n## Two ##\nmore\n# Empty\n"
    assert sections(body) == (("", "before"), ("One", "text\n```sh\n# not a heading\n```"), ("Two", "more"), ("Empty", ""))


def test_a_long_section_is_cut_between_paragraphs_and_nothing_is_lost(tmp_path: Path) -> None:
    paragraphs = [f"paragraph {number} " + "word " * 80 for number in range(10)]
    write(tmp_path, "long.md", "# Long\n\n" + "\n\n".join(paragraphs) + "\n\n" + "x" * 2500)
    (document,) = read_folders([tmp_path]).documents
    assert all(len(passage.text) <= passages.PASSAGE_CHARS for passage in document.passages)
    whole = " ".join(passage.text for passage in document.passages)
    assert all(paragraph.strip() in whole for paragraph in paragraphs)
    assert whole.count("x") == 2500
    assert len({passage.id for passage in document.passages}) == len(document.passages)


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("title: a: b", 2, "not YAML"),
        ("id: x\ntitle: [unclosed", 3, "not YAML"),
        ("- a\n- b", 2, "not a list of keys"),
        ("id: x\ncauses: {a: b}", 3, "expected a list"),
        ("causes: [[a]]", 2, "expected a text"),
        ("id: x\nnext: [{action: a}]", 3, "needs action, verify and rollback"),
        ("next: soon", 2, "expected a list of {action"),
    ],
)
def test_a_front_matter_error_names_file_and_line(head: str, line: int, said: str) -> None:
    block, _, _ = front_matter.split(f"---\n{head}\n---\nbody")
    with pytest.raises(BadInput, match=said) as raised:
        front_matter.parse(block, "a/b.md")
    place = raised.value.place or ""
    assert place.startswith("a/b.md:")
    assert abs(int(place.rsplit(":", 1)[1]) - line) <= 1  # YAML reports an unclosed list on the line after


def test_a_broken_front_matter_is_a_note_and_the_text_is_still_found(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: a: b\n---\n# Disk full\n")
    shelved = read_folders([tmp_path])
    assert [document.runbook.title for document in shelved.documents] == ["Disk full"]
    assert "a.md:2" in shelved.notes[0]


def test_a_broken_front_matter_that_may_say_who_must_not_read_it_keeps_the_file_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: a: b\ngroups: [security]\n---\n# Breach\n")
    shelved = read_folders([tmp_path])
    assert shelved.documents == ()
    assert shelved.notes[0].startswith("left out: a.md:2")


def test_what_is_no_text_or_too_large_is_left_out_with_a_note(tmp_path: Path) -> None:
    write(tmp_path, "binary.md", b"\x89PNG\0\0")
    write(tmp_path, "huge.md", b"x" * (read.FILE_LIMIT + 1))
    write(tmp_path, "latin.md", "# caf\xe9 down\n".encode("latin-1"))
    write(tmp_path, "notes.txt", "not a runbook")
    shelved = read_folders([tmp_path])
    assert [document.runbook.path for document in shelved.documents] == ["latin.md"]
    assert [note.split(":")[1].strip() for note in shelved.notes] == ["binary.md", "huge.md"]


def test_a_hostile_file_cannot_fill_the_index(tmp_path: Path) -> None:
    write(tmp_path, "many.md", "".join(f"# heading {number}\ntext\n" for number in range(5000)))
    write(tmp_path, "title.md", "---\ntitle: " + "t" * 5000 + "\n---\ntext")
    write(tmp_path, "bomb.md", "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n---\n")
    write(tmp_path, "head.md", "---\nid: " + "x" * front_matter.HEAD_LIMIT + "\n---\n")
    shelved = read_folders([tmp_path])
    longest = {document.runbook.path: len(document.passages) for document in shelved.documents}
    assert longest["many.md"] == passages.PASSAGES_LIMIT
    assert max(len(document.runbook.title) for document in shelved.documents) <= read.TITLE_LIMIT
    assert len(shelved.notes) == 2


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.md", "# secret")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    assert read_folders([tmp_path / "shelf"]).documents == ()


def test_two_folders_with_a_file_of_one_name_keep_both(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "# first")
    write(tmp_path, "b/x.md", "# second")
    shelved = read_folders([tmp_path / "a", tmp_path / "b"])
    assert [document.runbook.path for document in shelved.documents] == ["b/x.md", "x.md"]


def test_a_file_stands_for_itself_and_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a/x.md", "# first")
    assert [document.runbook.path for document in read_folders([tmp_path / "a" / "x.md"]).documents] == ["x.md"]
    with pytest.raises(BadInput, match="no such folder"):
        read_folders([tmp_path / "nowhere"])


def test_a_first_heading_that_many_share_is_no_title(tmp_path: Path) -> None:
    for name in ("DiskFull", "MailQueue", "DnsErrors"):
        write(tmp_path, f"{name}.md", f"## Meaning\n\n{name} happened to a host.\n")
    write(tmp_path, "own.md", "# One of its own\n\ntext\n")
    assert [document.runbook.title for document in read_folders([tmp_path]).documents] == [
        "DiskFull",
        "DnsErrors",
        "MailQueue",
        "One of its own",
    ]


def test_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, ".github/ISSUE_TEMPLATE.md", "# Report a bug\n")
    write(tmp_path, "disk.md", "# Disk full\n")
    assert [document.runbook.path for document in read_folders([tmp_path]).documents] == ["disk.md"]

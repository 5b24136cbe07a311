"""What a service is: read, matched with pages, and refused with file and key."""

from pathlib import Path

import pytest

from bot.backends.playbooks import ServicePrompts, services
from bot.errors import BadSettings, SourceUnavailable
from tests.contract.test_records import a_page


def written(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "service"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return tmp_path


def test_no_folder_declares_nothing(tmp_path: Path) -> None:
    known = services(tmp_path / "absent")
    assert (known.all, known.attributes, known.of(a_page(service="x"))) == ((), {}, "x")


def test_a_page_is_matched_by_name_other_name_or_labels(tmp_path: Path) -> None:
    text = "name: assistant\npages: [support-bot]\nmatch: {team: llm, app: chat}\nprompts: ../p\n"
    text += "attributes: {app.docs: retrieval.n_returned}\n"
    known = services(written(tmp_path, a=text, b="name: search\n"))
    assert known.of(a_page(service="support-bot")) == "assistant"
    assert known.of(a_page(service=None, labels={"team": "llm", "app": "chat"})) == "assistant"
    assert known.of(a_page(service=None, labels={"team": "llm"})) is None
    assert known.of(a_page(service="search")) == "search"
    assert known.attributes == {"app.docs": "retrieval.n_returned"}
    assert known.all[0].prompts == tmp_path / "service" / "../p"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: [", "a.yaml:1"),
        ("nam: x", "a.yaml: name"),
        ("name: x\ncolour: red", "a.yaml: colour"),
        ("- x", "a.yaml: the file"),
        ("", "a.yaml: the file"),
        ("name: x\nattributes: [1]", "a.yaml: attributes"),
        ("name: x" * 100_000, "a.yaml"),
    ],
)
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(BadSettings) as raised:
        services(written(tmp_path, a=text))
    assert place in str(raised.value)


def test_contradictions_between_files_are_refused(tmp_path: Path) -> None:
    one = "name: one\nattributes: {app.x: llm.tokens.input}\n"
    with pytest.raises(BadSettings, match=r"app\.x"):
        services(written(tmp_path, a=one, b="name: two\nattributes: {app.x: tool.name}\n"))
    (tmp_path / "service" / "b.yaml").write_text("name: one\n")
    with pytest.raises(BadSettings, match="two files"):
        services(tmp_path)


async def test_prompts_are_read_from_the_folder_the_service_names(tmp_path: Path) -> None:
    known = services(written(tmp_path, a="name: one\nprompts: ../texts\n", b="name: two\n"))
    prompts = ServicePrompts(known)
    assert await prompts.registry("one") is None  # the folder is not there yet: not collected
    versions = tmp_path / "texts" / "prompts" / "answer"
    versions.mkdir(parents=True)
    for version in ("v2", "v10"):
        (versions / f"{version}.txt").write_text(f"text of {version}")
    found = await prompts.registry("one")
    assert found is not None
    assert [text.version for text in found["answer"]] == ["v2", "v10"]
    assert await prompts.registry("two") is None
    assert await prompts.registry(None) is None
    (versions / "meta.yaml").write_text("- [")
    with pytest.raises(SourceUnavailable):
        await prompts.registry("one")

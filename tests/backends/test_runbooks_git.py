"""Runbooks from real git repositories on this disk."""

import subprocess
from pathlib import Path

import pytest

from bot.backends.runbooks_git import copied
from bot.errors import BadInput, SourceUnavailable
from bot.shelf.read import read_folders

AUTHOR = ("-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgsign=false")


def commit(repository: Path, **texts: str) -> None:
    repository.mkdir(exist_ok=True)
    git = ("git", "-C", str(repository), *AUTHOR)
    if not (repository / ".git").exists():
        subprocess.run(["git", "init", "--quiet", "--initial-branch", "trunk", str(repository)], check=True)
    for name, text in texts.items():
        (repository / "books").mkdir(exist_ok=True)
        (repository / "books" / f"{name}.md").write_text(text)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "text"], check=True)


def titles(folder: Path) -> dict[str, str]:
    return {document.runbook.path: document.runbook.title for document in read_folders([folder]).documents}


async def test_a_repository_is_copied_and_follows_its_newest_commit(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    commit(origin, disk="# Disk full\n", mail="# Mail queue\n")
    folder = await copied(f"file://{origin}", tmp_path / "below")
    assert titles(folder) == {"books/disk.md": "Disk full", "books/mail.md": "Mail queue"}
    (origin / "books" / "mail.md").unlink()
    commit(origin, disk="# Disk is full\n")
    again = await copied(f"file://{origin}", tmp_path / "below")
    assert again == folder
    assert titles(again) == {"books/disk.md": "Disk is full"}


async def test_a_folder_in_it(tmp_path: Path) -> None:
    commit(tmp_path / "origin", disk="# Disk full\n")
    (tmp_path / "origin" / "README.md").write_text("# Read me\n")
    commit(tmp_path / "origin")
    folder = await copied(f"file://{tmp_path / 'origin'}#books", tmp_path / "below")
    assert titles(folder) == {"disk.md": "Disk full"}
    for inside in ("nowhere", "../..", "/etc"):
        with pytest.raises(BadInput, match="no folder"):
            await copied(f"file://{tmp_path / 'origin'}#{inside}", tmp_path / "below")


@pytest.mark.parametrize("url", ["", "--upload-pack=touch x", "ext::sh -c touch% x", "/a/path", "http://plain.test/x.git", "-x"])
async def test_what_is_no_address_never_reaches_git(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput, match="not an address"):
        await copied(url, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_a_repository_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="git clone") as raised:
        await copied(f"file://{tmp_path}/nowhere.git", tmp_path / "below")
    assert "nowhere" in str(raised.value)
    with pytest.raises(SourceUnavailable) as hidden:
        await copied("https://user:s3cret@127.0.0.1:9/x.git", tmp_path / "below")
    assert "s3cret" not in str(hidden.value) + hidden.value.asked

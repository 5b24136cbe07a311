"""Runbooks from git repositories: a shallow copy of the newest commit, brought up to date at each index. Nothing in it is ever run."""

import asyncio
import hashlib
import os
import re
from pathlib import Path, PurePosixPath

from bot.errors import BadInput, SourceUnavailable

TIMEOUT_S = 120.0  # a shallow copy of a documentation repository takes seconds
_URL = re.compile(r"(?:https://|ssh://|file://|git@[\w.-]+:)[^\s#]+")
# No hooks, no submodules, no helper programs named by the address, no questions asked, no settings of this machine.
_SAFE = ("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "advice.detachedHead=false")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "GIT_LFS_SKIP_SMUDGE": "1"}


async def copied(address: str, below: Path) -> Path:
    """`URL` or `URL#folder` -> the folder of runbooks in a copy below `below`.

    BadInput for an address that is none or a folder that is not there; SourceUnavailable when git does not get it.
    """
    url, _, inside = address.partition("#")
    if not _URL.fullmatch(url):
        raise BadInput("not an address of a git repository (https://, ssh://, git@host:, file://)", place=url[:200])
    name = re.sub(r"[^\w.-]", "", PurePosixPath(url).name.removesuffix(".git"))[:60] or "repository"
    copy = below / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    if await asyncio.to_thread((copy / ".git").is_dir):
        await _renewed(copy, url)
    else:
        await asyncio.to_thread(lambda: below.mkdir(parents=True, exist_ok=True))
        await _git(below, url, "clone", "--quiet", "--depth", "1", "--no-tags", "--", url, copy.name)
    folder = copy / inside if inside else copy
    if not await asyncio.to_thread(lambda: folder.resolve().is_relative_to(copy.resolve()) and folder.is_dir()):
        raise BadInput(f"no folder {inside[:100]} in it", place=url)
    return folder


async def _renewed(copy: Path, url: str) -> None:
    await _git(copy, url, "fetch", "--quiet", "--depth", "1", "--no-tags", "origin", "HEAD")
    await _git(copy, url, "reset", "--quiet", "--hard", "FETCH_HEAD")
    await _git(copy, url, "clean", "--quiet", "-ffdx")


async def _git(folder: Path, url: str, *arguments: str) -> None:
    """SourceUnavailable with git's last line; the address's password is not repeated."""
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith("GIT_")}, **_QUIET}
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *_SAFE, *arguments, cwd=folder, env=environment,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except FileNotFoundError:
        raise SourceUnavailable("git is not installed here", source="git", asked=_shown(url)) from None
    try:
        _, said = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise SourceUnavailable(f"git {arguments[0]}: no answer within {TIMEOUT_S:.0f} s", source="git", asked=_shown(url)) from None
    if process.returncode != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines() or ["no word"]
        why = lines[-1].replace(url, _shown(url))[:300]
        raise SourceUnavailable(f"{_shown(url)}: git {arguments[0]}: {why}", source="git", asked=_shown(url))


def _shown(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)

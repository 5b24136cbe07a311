"""`playbooks/service/*.yaml`: what a service is, as its owners declare it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.backends.bundle_files import read_prompts
from bot.backends.playbook_file import read_playbook
from bot.errors import BadInput, BadSettings, SourceUnavailable
from bot.model.evidence import PromptText
from bot.model.page import Page


class Service(BaseModel):
    """One file. An unknown key is an error: a misspelt one would otherwise be lost in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)  # service.name of its spans
    pages: tuple[str, ...] = ()  # what pages call it, where that is another name
    match: Mapping[str, str] = {}  # a page that carries all these labels is about this service
    attributes: Mapping[str, str | Mapping[str, object]] = {}  # its own span attributes -> canonical fields (contract 1)
    prompts: Path | None = None  # a folder, relative to the file, that holds prompts/<name>/<version>.txt as a bundle does (contract 1)
    owner: str | None = None
    dashboards: tuple[str, ...] = ()

    def concerns(self, page: Page) -> bool:
        called = page.service is not None and page.service in (self.name, *self.pages)
        matched = bool(self.match) and all(page.labels.get(label) == value for label, value in self.match.items())
        return called or matched


class Services:
    def __init__(self, services: tuple[Service, ...] = ()) -> None:
        self.all = services

    def of(self, page: Page) -> str | None:
        """The service.name a page is about; what the page says itself when no file knows better; None when nobody said."""
        return self.declared(page) or page.service

    def declared(self, page: Page) -> str | None:
        """The service.name a page is about, when one of the files says so."""
        return next((service.name for service in self.all if service.concerns(page)), None)

    @property
    def attributes(self) -> dict[str, str | Mapping[str, object]]:
        """Every declared attribute. Two services that give one attribute two meanings are refused by `services`."""
        return {name: target for service in self.all for name, target in service.attributes.items()}


class ServicePrompts:
    """Port Prompts over the folders that services name, read when asked: a deployment may have written them since."""

    def __init__(self, known: Services) -> None:
        self._folders = {service.name: service.prompts for service in known.all if service.prompts is not None}

    async def registry(self, service: str | None) -> Mapping[str, tuple[PromptText, ...]] | None:
        """None when the service names no folder; SourceUnavailable when the folder cannot be read."""
        folder = self._folders.get(service) if service is not None else None
        if folder is None:
            return None
        try:
            return await asyncio.to_thread(read_prompts, folder, None)
        except BadInput as error:
            raise SourceUnavailable(str(error), source="prompts", asked=str(folder)) from error


def services(folder: Path) -> Services:
    """Read `folder`/service/*.yaml, by name. No folder = no declarations. BadSettings names the file and the key."""
    read = tuple(_read(path) for path in sorted((folder / "service").glob("*.yaml")))
    meanings: dict[str, tuple[str, object]] = {}
    for service in read:
        for attribute, target in service.attributes.items():
            other, meaning = meanings.setdefault(attribute, (service.name, target))
            if meaning != target:
                raise BadSettings(f"{service.name} and {other} declare it differently", place=f"attributes.{attribute}")
    names = [service.name for service in read]
    for name in names:
        if names.count(name) > 1:
            raise BadSettings(f"two files describe the service {name}", place=str(folder / "service"))
    return Services(read)


def _read(path: Path) -> Service:
    service = read_playbook(path, Service)
    prompts = path.parent / service.prompts if service.prompts is not None else None
    return service.model_copy(update={"prompts": prompts})

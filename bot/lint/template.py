"""A prompt template as rules see it: lines, variables, fences, headings; alone in its file or inside source code.

Prompts live in text files, in YAML, and in Python, TypeScript or JavaScript source. The source is never run and need not parse: a
template is also read from a fragment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

LONGEST = 4_000  # signs of a line that patterns look at; a longer one is data somebody pasted

CATALOGUE = 1_500  # characters; an example of an answer is shorter

Style = str  # "double" {{name}}, "single" {name}, "dollar" ${name}

SLOTS: dict[Style, re.Pattern[str]] = {
    "double": re.compile(r"(?<![{$])\{\{-?\s{0,3}([A-Za-z_][\w.]{0,60})\s{0,3}(?:\|[^{}\n]{0,80})?-?\}\}(?!\})"),
    "single": re.compile(r"(?<![{$\\])\{([A-Za-z_][\w.]{0,60})(?:\[[^\]\n]{0,40}\])?(?:\(\))?(?:![rsa])?(?::[^{}\n\"']{1,20})?\}(?!\})"),
    "dollar": re.compile(r"(?<!\\)\$\{\s{0,2}([A-Za-z_][\w.]{0,80})[^{}\n]{0,200}\}"),
}
_PYTHON = re.compile(
    r"^\s{0,12}(?:from [\w.]+ import |import \w+(?: as \w+)?$|(?:async )?def \w+\(|class \w+[(:]|[A-Za-z_]\w* "
    r"= (?:\(|None$|[frFR]{0,2}[\"'])|[frFR]{0,2}\"\"\"\s{0,3}[)\\]?$"
    r"|return [frFR]{0,2}[\"']|[rR]?\"\"\"[^\"\n]{1,200}\"\"\"$|# (?:noqa|flake8|pylint)"
    r"|[fF][\"'].{0,300}[\"']\s?\\?$|[^\"\n]{0,200}\"\"\"$)"
)
_SCRIPT = re.compile(
    r"^\s{0,8}(?:import (?:\{|\* as|type |\w+ from)|export (?:const|function|default|class|interface|type)"
    r"|(?:const|let) \w+ =|function \w+\(|\} from '|\} else|return `|`(?:\.trim\(\))?[;,]$"
    r"|\w+\??: (?:string|boolean|number)[;,]?$|\w+: [\w.]+\([^)\n]{0,80}\),$|[A-Z][A-Z_]{4,50}_NAME,$|\w+ "
    r"?[=:] ?\w+\.\w+(?:\.\w+)*\(.{0,80}$|.{0,400}\$\{[A-Z][A-Z_]{4,50}\}|.{0,400}\$\{(?:options|this"
    r"|\w+Tool)\.\w|.{0,400}\$\{\w{3,60}\()"
)
_CODE_LINE = re.compile(
    r"^\s*(?:from [\w.]+ import|import [\w{*]|(?:async )?def |class \w+[(:]|return\b|if .{0,120}:$|if \(|else\b"
    r"|elif |for .{0,120}:$|for \(|try\b|except\b|raise |throw "
    r"|export |const |let |var |function |interface |type \w+ =|private |public |async |await |@\w+|//|/\*|\*"
    r"|#\s*(?:noqa|flake8|pylint|type:)|[})\];,]+$"
    r"|[\w.\[\]'\"]+\s*=[^=>]|[\w.]+\??:\s*[\w<>|\[\] ]+[,;]$|[\w.]+\(.{0,200}\)[;,]?$|[\w.]+,$|\.\w+\()"
)
_HEADING = re.compile(
    r"^\s{0,12}(?:#{1,6}\s{1,3}(?P<a>\S.{0,100})|\*\*(?P<b>[^*\n]{2,80})\*\*:?\s*$"
    r"|<(?P<c>[a-z][\w-]{2,40})>\s*$|(?P<d>[A-Z][A-Z &/_-]{3,60}):?\s*$)"
)
_FENCE = re.compile(r"^\s{0,12}(?:[-*]\s|\d+[.)]\s)?(?:`{3,}|~{3,})")


@dataclass(frozen=True)
class Slot:
    """A variable in its place; `line` counts from 1."""

    name: str
    line: int
    style: Style


@dataclass(frozen=True)
class Section:
    """A heading and the lines below it, up to the next heading."""

    title: str
    line: int
    body: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Each at most LONGEST signs."""
        return tuple(line[:LONGEST] for line in self.text.split("\n"))

    @cached_property
    def source(self) -> str:
        """`python`, `script`, or "" for a template that is alone in its file."""
        outside = [
            line for number, line in enumerate(self.lines, 1) if number not in self.fenced
        ]  # examples of code do not make a template source
        python = sum(1 for line in outside if _PYTHON.match(line))
        script = sum(1 for line in outside if _SCRIPT.match(line))
        if not python and not script:
            return ""
        return "python" if python >= script else "script"

    @cached_property
    def catalogue(self) -> bool:
        """Whether this is a JSON file of many texts: its keys are names of prompts, not of an answer."""
        stripped = self.text.strip()
        return stripped.startswith("{") and stripped.endswith("}") and len(stripped) > CATALOGUE

    @cached_property
    def styles(self) -> tuple[Style, ...]:
        """The ways variables may be written here; in source the language knows one, a file of its own may be rendered in two rounds."""
        return {"python": ("single",), "script": ("dollar",)}.get(self.source, tuple(SLOTS))

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """In the order they stand in."""
        return tuple(
            Slot(hit[1], number, style)
            for number, line in enumerate(self.lines, 1)
            for style in self.styles
            for hit in SLOTS[style].finditer(line)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(slot.name for slot in self.slots)

    @cached_property
    def fenced(self) -> frozenset[int]:
        """Numbers of the lines between fences, and of the fences."""
        inside, found = False, set()
        for number, line in enumerate(self.lines, 1):
            fence = bool(_FENCE.match(line))
            if inside or fence:
                found.add(number)
            inside ^= fence
        return frozenset(found)

    @cached_property
    def fences(self) -> tuple[int, ...]:
        return tuple(number for number, line in enumerate(self.lines, 1) if _FENCE.match(line))

    @cached_property
    def prose(self) -> tuple[tuple[int, str], ...]:
        """(number, line) of what a model reads as words: no blank lines, no fenced examples, no source around the prompt."""
        return tuple(
            (number, line)
            for number, line in enumerate(self.lines, 1)
            if line.strip() and number not in self.fenced and not (self.source and _CODE_LINE.match(line))
        )

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        found: list[tuple[str, int, list[str]]] = []
        for number, line in enumerate(self.lines, 1):
            heading = _HEADING.match(line) if number not in self.fenced else None
            if heading is not None and not (self.source == "python" and line.lstrip().startswith("# ")):
                title = next(text for text in heading.groups() if text)
                found.append((title.strip(" :*#"), number, []))
            elif found and line.strip():
                found[-1][2].append(line.strip())
        return tuple(Section(title, number, tuple(body)) for title, number, body in found)

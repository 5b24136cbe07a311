"""An example that is not what it shows: JSON that does not parse. Models copy it."""

import json
import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule
from bot.lint.sheet import Sheet
from bot.lint.template import Template

FENCE = re.compile(r"^\s{0,12}```\s{0,2}(?P<tag>[a-z0-9]{0,12})\s*$", re.IGNORECASE)
MEMBER = re.compile(r"^\s*\\?\"(?P<rest>[A-Za-z_][^\n]{0,600})$")
QUOTE = re.compile(r"(?<!\\)\"")
WHOLE = re.compile(r"^\s*\\?\"(?:[^\"\\]|\\.)*\\?\"\s*:\s*\S")
NO_OPEN = re.compile(r"^\s*(?P<key>[A-Za-z_]\w{1,40})\"\s*:")
NO_CLOSE = re.compile(r"^\s*\"(?P<key>[A-Za-z_]\w{1,40})\s*:\s+\S")
NO_COMMA = re.compile(r"^\s*\"[\w -]{1,60}\"\s*:\s*(?:\"(?:[^\"\\]|\\.)*\"|-?\d+(?:\.\d+)?|true|false|null|[\]}])\s*$")
LAST = re.compile(r"^\s*\"[\w -]{1,60}\"\s*:")
MOST = 20_000  # characters of one example; a longer one is data


@rule
def malformed_example(sheet: Sheet) -> Iterator[Hit]:
    template, said = sheet.text, set()
    lines = template.lines
    for number, line in enumerate(lines, 1):
        if _odd_quotes(line):
            said.add(number)
            yield error(number, f"a quote is missing in {quoted(line.strip())}")
        elif NO_COMMA.match(line) and number < len(lines) and LAST.match(lines[number]):
            said.add(number)
            yield error(number, f"a comma is missing after {quoted(line.strip())}")
    for first, block in _blocks(template):
        problem = _problem(block, template)
        if problem is not None and not template.catalogue and not any(first <= number <= first + block.count("\n") + 1 for number in said):
            yield error(first + problem[0], f"this JSON example does not parse: {problem[1]}")


def _odd_quotes(line: str) -> bool:
    """A line of an object whose quotes do not pair: `"server:  "Travel Agent",`."""
    if NO_OPEN.match(line) and len(QUOTE.findall(line)) % 2:
        return True
    if not MEMBER.match(line) or ":" not in line or line.count('\\"') or '"""' in line:
        return False
    if len(QUOTE.findall(line)) % 2 == 0:
        return False
    return bool(
        NO_CLOSE.match(line) or (WHOLE.match(line) and re.search(r"[,\"\w]\s*$", line) and re.match(r"^\s*\"[\w -]{1,40}\"\s*:", line))
    )


def _blocks(template: Template) -> Iterator[tuple[int, str]]:
    """(line of the first line inside, text) of what is meant as JSON: fenced and tagged so, or alone between braces."""
    start, tag = None, ""
    for number, line in enumerate(template.lines, 1):
        fence = FENCE.match(line)
        if fence is None:
            continue
        if start is None:
            start, tag = number, fence["tag"].lower()
        else:
            inside = "\n".join(template.lines[start : number - 1])
            if tag in ("json", "jsonc") and len(inside) <= MOST:
                yield start, inside
            start = None
    yield from _bare(template)


def _bare(template: Template) -> Iterator[tuple[int, str]]:
    """Objects that begin and end on lines of their own, outside fences; only where every line between looks like JSON."""
    if template.source:
        return
    at: int | None = None
    for number, line in enumerate(template.lines, 1):
        if number in template.fenced:
            at = None
        elif re.fullmatch(r"\s*(?:\{\{?|\[)\s*", line) and at is None:
            at = number
        elif re.fullmatch(r"(?:\}\}?|\])\s*", line) and at is not None:
            inside = template.lines[at : number - 1]
            if inside and sum(bool(re.match(r"\s*(?:\\?\"|[{}\[\]]|\w+\"\s*:)", one)) for one in inside) == len(inside):
                yield at - 1, "\n".join(template.lines[at - 1 : number])
            at = None
        elif not line.strip():
            at = None


def _problem(block: str, template: Template) -> tuple[int, str] | None:
    """(lines below the first, what the parser says), or None for JSON once its variables and ellipses are filled in."""
    for filled in _readings(block, template):
        try:
            json.loads(filled)
        except (ValueError, RecursionError):
            continue
        return None
    try:
        json.loads(_readings(block, template)[0])
    except json.JSONDecodeError as wrong:
        return wrong.lineno, wrong.msg
    except (ValueError, RecursionError):
        return 1, "nested too deeply"
    return None


ELLIPSIS = re.compile(r"(?m)^\s*(?:\.{3}|…|//.*|#.*)\s*,?\s*$|,?\s*(?:\.{3}|…)(?=\s*[\]}])|(?<=[\[{])\s*(?:\.{3}|…)\s*,?")
NOTE = re.compile(r"(?m)(?<=[,\s\[{])//[^\n\"]*$|/\*[^*]*\*/")
VARIABLE = re.compile(
    r"\$?\{\{[^{}\n\"]{1,120}\}\}|\$\{[^{}\n\"]{1,120}\}|(?<!\{)\{[A-Za-z_][\w.\[\]!:]*\}(?!\})|\{%[^%\n]*%\}|<[^<>\n\"]{1,80}>"
)
BARE = re.compile(r"(?P<head>[:\[,]\s*)(?!true\b|false\b|null\b)(?P<word>[A-Za-z_][\w |/.-]*)(?=\s*[,\]}\n])")


def _readings(block: str, template: Template) -> list[str]:
    """Ways to read a template's JSON: doubled braces are an escape, or they are variables; a variable stands bare or inside quotes."""
    plain = NOTE.sub("", block).replace('\\"', '"') if '\\"' in block and not re.search(r"[^\\]\"", block) else NOTE.sub("", block)
    single = plain.replace("{{", "{").replace("}}", "}")
    found = []
    for braces in (plain, single):
        text = BARE.sub(lambda hit: f'{hit["head"]}"x"', ELLIPSIS.sub("", VARIABLE.sub(_filled, braces)))
        found += [text, re.sub(r",(?=\s*[\]}])", "", text) if ELLIPSIS.search(block) else text]
        lines = [line for line in text.split("\n") if line.strip()]
        found += ["[" + ",".join(lines) + "]", "[" + text.rstrip().rstrip(",") + "]", "{" + text + "}"]
    return found


def _filled(hit: re.Match[str]) -> str:
    before, after = hit.string[: hit.start()], hit.string[hit.end() :]
    line = before.rpartition("\n")[2]
    inside = len(QUOTE.findall(line)) % 2 == 1 or not re.match(r"\s*(?:[,\]}\n]|$)", after)
    return "x" if inside else '"x"'

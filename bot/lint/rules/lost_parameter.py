"""A function that builds a prompt no longer takes a parameter it took: callers that pass it fail when they are called."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, info, quoted, rule
from bot.lint.sheet import Sheet
from bot.lint.template import Template

SIGNATURE = re.compile(
    r"(?m)^[ \t]{0,12}(?:async )?def (?P<name>\w{1,80})\s{0,2}\((?P<inside>[^()]{0,1500}(?:\([^()]{0,200}\)[^()]{0,500}){0,4})\)"
)
PARAMETER = re.compile(r"(?:^|,)\s*\*{0,2}([A-Za-z_]\w*)")
NESTED = re.compile(r"\[[^\[\]]*\]|\"[^\"\n]*\"|'[^'\n]*'")


@rule
def lost_parameter(sheet: Sheet) -> Iterator[Hit]:
    if sheet.was is None or sheet.text.source == "script":
        return
    before = _signatures(sheet.was)
    for name, (line, parameters) in _signatures(sheet.text).items():
        if name not in before:
            continue
        gone = [one for one in before[name][1] if one not in parameters and one not in ("self", "cls")]
        come = [one for one in parameters if one not in before[name][1]]
        for one in gone:
            if come or _mentions(sheet.was, one) - _mentions(sheet.text, one) > 1:
                yield info(line, f"{quoted(name)} no longer takes {quoted(one)}; the text that used it went too")
            else:
                yield error(line, f"{quoted(name)} no longer takes {quoted(one)}: a caller that passes it fails")


def _mentions(template: Template, name: str) -> int:
    return len(re.findall(rf"\b{re.escape(name)}\b", template.text))


def _signatures(template: Template) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Function -> line and parameters; a name that is defined more than once says nothing."""
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    twice: set[str] = set()
    for hit in SIGNATURE.finditer(template.text):
        inside = hit["inside"]
        for _ in range(4):  # Optional[Dict[str, List[str]]] is four deep
            inside = NESTED.sub("", inside)
        if hit["name"] in found:
            twice.add(hit["name"])
        found[hit["name"]] = (template.text.count("\n", 0, hit.start()) + 1, tuple(PARAMETER.findall(inside)))
    return {name: one for name, one in found.items() if name not in twice}

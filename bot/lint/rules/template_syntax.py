"""Source around a prompt that cannot be loaded: a quote of the f-string inside its own braces."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, rule
from bot.lint.sheet import Sheet

F_STRING = re.compile(r"(?<![\w'\"])[rRbB]?[fF][rR]?(?P<quote>['\"])(?!(?P=quote)(?P=quote))")
INSIDE = re.compile(r"(?<!\{)\{(?!\{)(?P<inside>[^{}\n]{1,300})\}")


@rule
def template_syntax(sheet: Sheet) -> Iterator[Hit]:
    """Python before 3.12 refuses both a backslash and the string's own quote between the braces of an f-string."""
    if sheet.text.source == "script":
        return
    for number, line in enumerate(sheet.text.lines, 1):
        for start in F_STRING.finditer(line):
            for hit in INSIDE.finditer(line, start.end()):
                if re.search(rf"(?<!\\){start['quote']}", line[start.end() : hit.start()]):
                    break  # the string ended before these braces
                if start["quote"] in hit["inside"]:
                    yield error(
                        number, "the quote that delimits this f-string stands inside its braces: Python before 3.12 does not load the file"
                    )
                    break

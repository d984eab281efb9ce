"""Draw docs/pictures: what commands print on a terminal, as SVG for light and for dark pages.

python docs/pictures.py [NAME...]
"""

from __future__ import annotations

import html
import io
import re
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI, TerminalTheme
from rich.text import Text
from running import ROOT, printed

FOLDER = ROOT / "docs" / "pictures"
COMMANDS: Final = {
    "predict": (95, 'imdbsent predict "great movie" "not worth the money" "not bad at all" "it has two pockets"'),
    "explain": (
        90,
        'imdbsent predict --explain "Beautiful photos and a wonderful cast, but a boring story and terrible dialogue."',
    ),
    "trace": (110, 'imdbsent inspect trace --model classic "This is not a great movie, it was a waste of time"'),
    "report": (100, "imdbsent evaluate negation.jsonl --model flagship --model classic"),
    "history": (140, "imdbsent inspect model classic"),
}
"""The name of each picture, the columns of its terminal, and the command whose output it shows."""
THEMES: Final = {"light": DEFAULT_TERMINAL_THEME, "dark": MONOKAI}
"""The colors of each kind of page; the page picks the picture by `prefers-color-scheme`."""


_TEXT: Final = re.compile(r'(<text class="[^"]*") x="([^"]*)" y="([^"]*)" textLength="([^"]*)">([^<]*)</text>')


def pictures(name: str) -> dict[str, str]:
    """The SVG of a command and its output, by theme."""
    width, command = COMMANDS[name]
    output = Text.from_ansi(printed(command, width=width, color=True))
    return {theme: _drawn(command, output, width, colors) for theme, colors in THEMES.items()}


def _drawn(command: str, output: Text, width: int, colors: TerminalTheme) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
    console.print(output)
    return _smaller(console.export_svg(title="imdbsent", theme=colors, unique_id="t"))


def _smaller(svg: str) -> str:
    """The picture without the web fonts, which a picture in a page may not load, and without a clip per line."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<clipPath id="t-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#t-line-\d+\)"', "", svg)
    svg = svg.replace("Fira Code", "Fira Code, DejaVu Sans Mono, Menlo, Consolas")
    svg = _TEXT.sub(_without_blanks, svg)
    return "\n".join(line for line in map(str.strip, svg.splitlines()) if line) + "\n"


def _without_blanks(text: re.Match[str]) -> str:
    """Text that starts at its first letter: some programs drop blanks at the start of a text."""
    opening, x, y, length, content = text.groups()
    characters = html.unescape(content)
    inside = characters.strip("\n\xa0 ")
    if not inside:
        return ""
    cell = float(length) / len(characters)
    left = float(x) + cell * (len(characters) - len(characters.lstrip("\n\xa0 ")))
    written = html.escape(inside, quote=False).replace("\xa0", "&#160;")
    return f'{opening} x="{left:g}" y="{y}" textLength="{cell * len(inside):g}">{written}</text>'


def main(names: list[str]) -> None:
    """Draw the pictures named, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or COMMANDS:
        for theme, svg in pictures(name).items():
            (FOLDER / f"{name}-{theme}.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])

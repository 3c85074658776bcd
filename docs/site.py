"""Hooks of MkDocs: pages of files outside docs/, and links that work in the repository and on the site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: The site's page for each Markdown file outside docs/; a link to a folder means the README.md in it.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
    "changelog/README.md": "changelog-fragments.md",
    "examples/ganzoo-bgan/README.md": "example.md",
}
#: Other files outside docs/ that pages link to.
COPIED = ("recipes/*.toml", "benchmarks/results/*.json")


def on_files(files: Any, config: Any) -> Any:
    """Add what stands outside docs/."""
    from mkdocs.structure.files import File

    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for pattern in COPIED:
        for path in sorted(ROOT.glob(pattern)):
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let the links of a page lead to pages of the site."""
    here = page.file.src_uri
    source = {page: source for source, page in OUTSIDE.items()}.get(here, f"docs/{here}")
    return relinked(markdown, source, here)


def relinked(markdown: str, source: str, here: str) -> str:
    """Return the text of the file `source` of the repository with its links as they are from the page `here`."""

    def link(found: re.Match[str]) -> str:
        target = found[1]
        if target is None or "://" in target:
            return found[0]
        return f"]({posixpath.relpath(place_of(posixpath.join(posixpath.dirname(source), target)), base)}"

    base = posixpath.dirname(here) or "."
    code_or_link = r"^```.*?^```|`[^`\n]*`|\]\(([^)#\s]+)"
    return re.sub(code_or_link, link, markdown, flags=re.DOTALL | re.MULTILINE)


def place_of(path: str) -> str:
    """Return where the site has a file of the repository."""
    path = posixpath.normpath(path)
    return OUTSIDE.get(path) or OUTSIDE.get(f"{path}/README.md") or path.removeprefix("docs/")

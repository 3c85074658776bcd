"""Imported where runs are tested for something else: a page about each of hundreds of them would take minutes."""

from __future__ import annotations

from ganzoo.proving.proof import PRELOADED
from ganzoo.reporting import page

#: For tests of the page itself.
write_at_end = page.write_at_end

page.write_at_end = lambda *_arguments: None
PRELOADED.append("without_reports")

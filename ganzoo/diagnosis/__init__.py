"""The doctor: what the records of a run say about its health, for the run itself and for `ganzoo diagnose`."""

from __future__ import annotations

from ganzoo.diagnosis.doctor import Doctor
from ganzoo.diagnosis.verdict import Verdict

__all__ = ["Doctor", "Verdict"]

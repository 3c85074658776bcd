"""Loaded by pytest before any test module: importing `ganzoo` chooses the torch backend for keras."""

from __future__ import annotations

import ganzoo  # noqa: F401

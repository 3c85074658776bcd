"""Times as a person reads them."""

from __future__ import annotations


def whole_seconds(seconds: float) -> str:
    """Return a time as `1h02m`, `3m05s` or `12s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def duration(seconds: float) -> str:
    """Return a time as `whole_seconds` does, one below ten seconds as `0.4s`."""
    return f"{seconds:.2g}s" if seconds < 9.5 else whole_seconds(seconds)

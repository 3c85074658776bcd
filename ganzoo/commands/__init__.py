"""One module for each command of `ganzoo`; only these print."""

"""Bundled plugin, found through its entry point like any other."""

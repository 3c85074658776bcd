"""Kills real runs and compares what they become, byte for byte."""

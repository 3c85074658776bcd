"""What a Python program does with recipes and runs: the commands as functions."""

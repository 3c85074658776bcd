"""Files of a run, and how they are found again."""

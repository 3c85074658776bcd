"""From a source of examples to the batch of any step."""

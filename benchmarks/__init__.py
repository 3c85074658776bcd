"""Speed and memory of ganzoo against hand-written PyTorch and plain Keras, in one process, in turn."""

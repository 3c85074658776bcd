"""What makes Keras fast and exact and is not a layer. Private to the core."""

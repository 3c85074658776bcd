"""Fast and exact execution of Keras networks on torch. Private to the core."""

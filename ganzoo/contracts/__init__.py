"""The contracts of every kind of component. Nothing here imports keras or torch."""

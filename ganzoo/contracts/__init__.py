"""What every kind of component promises. Nothing here imports keras or torch."""

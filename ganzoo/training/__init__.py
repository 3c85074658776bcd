"""The model that plays the game, and the loop around it."""

"""Pure functions from post texts to labels, shares, words and clusters."""

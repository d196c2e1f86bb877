"""Generator of the data under samples/: fixed seeds, standard library only."""

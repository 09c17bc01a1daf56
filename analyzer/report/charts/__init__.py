"""Charts, one file each: plot_*(timeline, *, ax=None) -> Axes."""

"""Training of the shipped weights: data, folds, the fast tier (`train.train`) and the accurate tier."""

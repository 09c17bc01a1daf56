"""Documents and charts made from a timeline."""

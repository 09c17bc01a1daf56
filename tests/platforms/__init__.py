"""A loopback server that speaks as all platforms do, from one simulated outage.

`python -m tests.platforms` runs it by hand and writes a study that points at it.
"""

"""Pure functions from labelled posts or counts to incidents, phases, lags and effects.

`build` makes a `Timeline` from posts, labels and official updates; `detect` finds rises in any count series.
"""

from analyzer.timeline.detection import detect

__all__ = ["detect"]

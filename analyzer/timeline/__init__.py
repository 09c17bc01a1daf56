"""Pure functions from labelled posts or counts to incidents, phases, lags and effects."""

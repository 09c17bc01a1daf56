"""Collectors: posts and official updates from platforms and archives."""

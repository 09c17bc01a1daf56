"""Readers of archive files, one file a format."""

"""Answers against what is true: every point with its reason."""

"""Midwatch: an on-call triage assistant for products built on language models."""

__version__ = "0.1.0"

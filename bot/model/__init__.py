"""Frozen values that travel between rooms; nothing here does I/O."""

"""Sentences about incidents and reports, the same on every surface. Each is rendered from typed values, none is made up."""

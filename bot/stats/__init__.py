"""The test library of catalogue 0.3: pure functions on arrays.

Each is deterministic, says `Grade.NA` and why when the sample is below its minimum, and raises nothing on data it was promised:
shapes, units and direction are in the docstrings. Limits are fields of small frozen `Limits`, each with its reason.
"""

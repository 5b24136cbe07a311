"""How good the diagnosis is: answers scored against bundles whose truth is known (catalogue 4.5).

Every score is a pure function on rows of (truth, answer); a rate never comes without its n and its interval.
"""

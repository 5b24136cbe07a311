"""One trace, and no history to compare it with: where did it first go wrong. Each module looks for one sort of fault."""

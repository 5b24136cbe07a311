"""One file per schema change, never edited after a release."""

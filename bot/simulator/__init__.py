"""A world of LLM products in which mechanisms fail, and an observation layer that sees it the way real emitters would (catalogue 4)."""

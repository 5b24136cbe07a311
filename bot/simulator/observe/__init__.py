"""How the world is seen: dialects, lost attributes, sampling, clocks. The world knows nothing of it."""

"""Which drill next, and when: memory, look-alikes side by side, and nobody's night or leave."""

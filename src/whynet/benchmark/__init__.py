"""How fast whynet is beside what could be used instead, side by side in one run."""

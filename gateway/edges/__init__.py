"""How edges and homes come into service, and how they leave it."""

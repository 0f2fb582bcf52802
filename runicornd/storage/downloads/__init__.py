"""Downloads: what is wanted, what is saved of it, and who does it."""

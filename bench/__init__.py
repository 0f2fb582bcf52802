"""Measures what users feel, beside what they would use instead: ``python -m bench [ROW…]``."""

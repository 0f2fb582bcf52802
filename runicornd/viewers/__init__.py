"""Viewers on hosts: the kinds there are, how one is started or found again, and whether it answers."""

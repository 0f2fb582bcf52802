"""Looks for what is wrong with a target, or with the daemon itself."""

"""Tunnels: the local listeners and what leads from them to the viewers."""

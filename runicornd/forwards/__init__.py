"""Forwards: tunnels that the user asks for by hand."""

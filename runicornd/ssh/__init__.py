"""Hosts and links: the one supervised SSH connection to each server."""

"""Stores: mirrored metadata, the index over it, downloads, and changes at the source."""

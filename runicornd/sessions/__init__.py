"""Sessions: one viewer on a host, its tunnel, and its stable local URL."""

"""The dashboard's server on this machine's loopback: the control plane for browsers."""

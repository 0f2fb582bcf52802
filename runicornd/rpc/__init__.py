"""The control plane: JSON-RPC over the Unix socket, one dispatcher, one registry, pushed events."""

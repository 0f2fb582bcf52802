"""The process that fetches, verifies and places files, outside the daemon's event loop."""

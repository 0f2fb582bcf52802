"""A host to try things on: an SSH server on this machine with a home, a Runicorn and runs of its own."""

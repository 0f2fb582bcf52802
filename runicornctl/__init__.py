"""The command line of runicornd."""

# Reading it from the installed metadata would take longer than everything else that a command does.
VERSION = "0.1.0"

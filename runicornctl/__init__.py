"""The command line of runicornd."""

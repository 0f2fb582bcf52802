"""``python -m runicornctl``."""

from runicornctl.cli import main

main()

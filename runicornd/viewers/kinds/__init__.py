"""The viewer kinds: what each needs from an environment, and how it is started."""

"""Small tools that know nothing of the daemon: each module does one thing."""

"""One module for each noun; each is imported only when its command runs."""

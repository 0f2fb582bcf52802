"""How Runicorn's releases keep artifacts and runs in files, read into our records: pure and quick."""

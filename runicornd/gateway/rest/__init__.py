"""The REST paths of Runicorn's own remote API, as thin adapters over the methods of the control plane."""

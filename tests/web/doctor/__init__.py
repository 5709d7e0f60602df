"""The doctor, each check where it finds its fault and where there is none."""

"""Facts and rules: aliases, modality, money."""

"""Mini, the model that ships inside: its recipes, its training, its export and its report."""

"""Reverse Stable Diffusion: the prompt that made a picture, predicted from the picture alone."""

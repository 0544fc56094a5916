"""Many pictures on many machines: one manifest in, shards of results out."""

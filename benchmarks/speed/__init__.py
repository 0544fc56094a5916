"""Ours against peers: each file here is a part, whose `rows(asked)` yields what it measured."""

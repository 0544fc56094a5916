"""The drawn-character world: attributes, captions, rendering and splits that mini is trained on."""

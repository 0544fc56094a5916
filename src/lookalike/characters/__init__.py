"""Characters that a GAN makes: identities in the space of a text encoder's token embeddings."""

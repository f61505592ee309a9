"""A small network of our own that tells sentiment in six languages; CARD.md says how well it does."""

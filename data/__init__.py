"""Images: where they are found, how they are decoded, and how they reach the network."""

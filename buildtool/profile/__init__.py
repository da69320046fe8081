"""How long a model takes on the device: which nodes and which ops take the time and the memory."""

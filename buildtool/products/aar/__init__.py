"""Libraries that Java calls, and the AAR that carries them."""

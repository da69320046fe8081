"""Building for Apple's systems: their SDKs and the tools that build with them."""

"""What an app gets: how it is put together, verified, measured and packed."""

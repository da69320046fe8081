"""Static archives, which an app links."""

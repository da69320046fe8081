"""What more than one backend uses."""

"""What every room uses and that uses no other room: errors, processes, files, values."""

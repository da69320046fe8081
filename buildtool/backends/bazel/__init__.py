"""Any tree for Android, compiled by its own BUILD files on an overlay."""

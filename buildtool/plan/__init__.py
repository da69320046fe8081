"""The whole answer, with a reason for each file, kernel and flag. Pure: no file, no process."""

"""The command line: the table of steps, doit's tasks made of it, and what a person sees of them."""

"""Reader and writer of each file format in one file, whose docstring is the format."""

"""One file per verb; the file name is what is typed."""

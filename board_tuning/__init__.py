"""Tune a board for measuring and put it back exactly. Runs on the board: Python 3.6 and later, standard library."""

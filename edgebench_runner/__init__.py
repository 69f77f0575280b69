"""The edgebench runner: measures one cell on the board it runs on (Python >= 3.6, standard library)."""

__version__ = "0.1.0"

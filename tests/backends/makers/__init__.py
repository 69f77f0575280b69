"""Makers of one format each: ``python makers/<name>.py DIRECTORY`` writes the small network there.

Each runs under the interpreter of an environment that has the converter, and finds ``small_network`` on its path.
"""

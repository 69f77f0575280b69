"""Commands: one module is one verb of the command line, found by its name.

Each has a docstring, its first line being the help; ``add_arguments(parser)``; and ``run(arguments)``, which
returns the exit code.
"""

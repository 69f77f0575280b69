"""Tasks of the catalogue, one module each; the task itself, on the board, is ``edgebench_runner.tasks.<name>``.

A module says what an entry of its task has to tell of the network's output (docs/tasks.md): ``KEYS``, the keys of
``postprocess`` with the types that each may have; ``REQUIRED``, those that may not be missing; and, where keys depend
on one another, ``check(where, table)``, which raises ZooError.
"""

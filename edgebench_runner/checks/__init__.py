"""Checks of the doctor: one module is one check, found by its name.

Each defines ``check(about)``, from a ``doctor.Context`` to ``(status, found, advice)``; a check whose reading
failed is ``unknown``, never ``pass``, and one that has nothing to look at (no attachment, no delegate) returns
``None``. A module that sets ``ON_REQUEST`` takes time or starts programs: the ``doctor`` command runs it, the
gate before each cell does not.
"""

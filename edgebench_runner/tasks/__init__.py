"""Tasks: one module is one task, found by its name, described by the first line of its docstring.

``Task(artifact)`` has ``prepare(image)``, uint8 image (H, W, C) to float32 batch of one, and
``finish(output)``, first output to the best classes (at most five int, best first) or ``None`` where the
task has no classes. Modules whose name starts with ``_`` are shared by tasks.
"""

"""Tasks: one module is one task, found by its name, described by the first line of its docstring.

``Task(artifact, labelled)``, where the second is the path of the data set if it says what is in its images and None
otherwise, has ``prepare(image)``, uint8 image (H, W, C) to float32 batch of one, and ``finish(output)``, first output
to the answer: the best classes (at most five int, best first), or what the task calls its own.

``row`` is None where the answer is classes. Otherwise it is the type and the number of values of a row in which the
task keeps an answer, and ``keep(row, item, answer)`` writes one; the first value is never negative. Modules whose name
starts with ``_`` are shared by tasks.
"""

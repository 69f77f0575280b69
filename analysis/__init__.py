"""Results in; tables, figures, statistics, a report and a verdict out.

The package reads the results directory of ``docs/contracts.md`` section 8 and never writes upstream of it: nothing
it derives is used as truth by another package, and everything it derives can be made again from the raw records.
"""

"""Many nights of results in one place: Parquet by night and board, scanned by DuckDB, with roll-ups that are kept.

::

    LAKE/inference/night=2026-11-21/board=rpi5-03/part-0.parquet   every reading; one compacted file per night and board
    LAKE/rollup/night=2026-11-21/board=rpi5-03/part-0.parquet      the rows of ``cells.parquet``, one per boot and cell
    LAKE/fingerprint/<digest>.json                                 the parts of each fingerprint, once

No nested types and no type that another engine lacks, so that Spark, Trino, Polars or ClickHouse read the same files.
"""

"""
Benchmarks: ratios measured within one run, never stopwatch tests.

Each file has one ``measure()`` that answers ``name``, ``what``, ``ratio``, ``goal``, ``holds`` and the raw figures.
"""

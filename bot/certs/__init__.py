"""
The judge of vendor bundles: bytes in, a verdict that explains itself out.

The lowest floor of the house: it imports nothing else of `bot`, touches no file, no network and no clock.
"""

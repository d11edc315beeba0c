"""What the machine itself offers: the clock, the vault, the log, a guarded process."""

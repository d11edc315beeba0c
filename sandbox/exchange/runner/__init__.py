"""The twin of the PowerShell runner: lines on stdin, framed answers on stdout (docs/runner.md)."""

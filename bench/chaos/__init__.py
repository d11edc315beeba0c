"""
Real orders through the sandbox while the bot's processes are killed at random moments, and races at its doors.

Everything is counted outside the bot: at the virtual hosts' recorders, in the sandbox's Slack, in the database.
"""

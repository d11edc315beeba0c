"""Exchange's own endpoint: PowerShell remoting in no-language mode over the same engine. No stores, no files here."""

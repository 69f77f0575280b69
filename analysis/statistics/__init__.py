"""Statistics on raw readings and on per-boot summaries; no file access."""

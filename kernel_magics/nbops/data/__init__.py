"""Data: reading, identity by content, profiles, validation."""

"""REST, batch, stream and edge endpoints (no issue asks for it yet: the room is empty)."""

"""Feature views, point-in-time joins, online store (no issue asks for it yet: the room is empty)."""

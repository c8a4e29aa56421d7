"""Triggers, the scheduler, retraining policy (no issue asks for it yet: the room is empty)."""

"""Prompts, evaluation, guards, budgets (no issue asks for it yet: the room is empty)."""

"""Features: steps that are declared, learnt on the rows to learn from, and applied the same way ever after."""

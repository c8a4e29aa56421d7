"""What the templates share for a table with a column to predict."""

"""Results of stages by their key: kept, taken again, shared with others, carried to other machines."""

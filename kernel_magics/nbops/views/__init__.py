"""How each noun looks: card, table, diff, report; as HTML without scripts and as text. Reads nouns, never writes."""

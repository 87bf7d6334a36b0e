"""Who may open which door, what leaves for the homes, and what they answer."""

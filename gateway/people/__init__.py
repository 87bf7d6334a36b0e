"""Who works here: signing in, sessions, what a municipality registers and the words that it uses."""

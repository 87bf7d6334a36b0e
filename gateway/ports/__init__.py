"""What the services ask of the world, and the values that pass: protocols only, no technology."""

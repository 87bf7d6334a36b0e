"""What people and time make of an alert: its case, the ladder, the desk's feed, messages to other systems."""

"""The central service: takes in what homes state, judges it and puts alerts in front of people."""

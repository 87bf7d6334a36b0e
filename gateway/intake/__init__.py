"""Facts in: from a message at the door to rows, verdicts and a receipt, in the lanes of both processes."""

"""How bytes reach the edge: each file is the only one that touches its technology."""

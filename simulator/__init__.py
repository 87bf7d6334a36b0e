"""A home without a home: seeded devices that emit the bytes that real ones would send, in virtual or in real time."""

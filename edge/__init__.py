"""The agent in the home: reads devices, keeps what they say, and hands it to the gateway."""

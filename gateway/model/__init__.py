"""What the gateway talks about and decides: values and pure functions. Above homecare, below the ports."""

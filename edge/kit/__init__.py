"""The integrator's kit: hear a device, begin its driver, and prove that the driver loses nothing."""

"""What devices must be set to so that the edge reads them: one file a model, each naming the driver that reads it."""

"""Where headlines, scores and keys are kept."""

"""iscore in training: labels in, model versions out."""

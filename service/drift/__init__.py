"""Whether the news, or what editors think of it, has moved away from what the model was made for."""

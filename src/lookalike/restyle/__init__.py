"""Neural style transfer: a picture's content in the manner of other pictures."""

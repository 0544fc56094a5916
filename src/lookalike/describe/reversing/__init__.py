"""What a trained reverse model is made of: readers of pictures, and the file that holds them."""

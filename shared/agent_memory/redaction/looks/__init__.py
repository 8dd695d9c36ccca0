"""What a value looks like by itself: made by a generator, chosen by a person, or no secret at all."""

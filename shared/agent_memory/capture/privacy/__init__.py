"""What users keep out of the memory: private spans, ignore rules, pauses."""

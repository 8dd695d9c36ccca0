"""The ways to find a secret in a text: by its shape, its name, its place, or by what stands around it."""

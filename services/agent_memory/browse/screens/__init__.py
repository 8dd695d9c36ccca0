"""The screens: one for each thing that one does in the browser."""

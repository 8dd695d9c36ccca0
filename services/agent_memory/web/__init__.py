"""The web page: what is remembered, in a browser on this machine, for as long as somebody looks."""

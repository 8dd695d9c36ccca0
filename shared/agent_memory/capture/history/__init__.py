"""What agents keep of their sessions themselves, told again as their hooks would have told it: the same events result.

A module for each agent reads its transcripts as a stream of moments; `places` finds them, `reading` makes events.
"""

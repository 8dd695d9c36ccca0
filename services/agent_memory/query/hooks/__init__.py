"""The socket of the hooks: what agents' hooks send is taken in, and a session's start is answered."""

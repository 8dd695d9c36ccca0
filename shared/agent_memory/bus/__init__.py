"""The bus: commands to the writer and its announcements, over ZeroMQ sockets that only this user can reach."""

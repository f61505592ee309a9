"""What a night needs, looked at before it is missed: here, on this machine, and there, in an account."""

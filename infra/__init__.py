"""AuraStream on AWS, and AWS on this machine."""

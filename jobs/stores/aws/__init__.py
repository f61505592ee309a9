"""The twins on AWS: DynamoDB, and Secrets Manager for the key."""

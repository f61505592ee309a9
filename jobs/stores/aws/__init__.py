"""The twins on AWS: DynamoDB."""

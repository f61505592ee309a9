"""Pure stages: Arrow batches in, Arrow batches out. No boto3, no clock, no environment, no paths."""

"""What stands around the job, on a CloudFormation, Step Functions and IAM of this machine: `make stack-test`."""

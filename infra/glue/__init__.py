"""What AWS Glue is given: a zip of wheels, and the job's script."""

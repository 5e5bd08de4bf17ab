"""Libraries known by name, one file each: a Spelling and nothing else."""

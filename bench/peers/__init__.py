"""What users would use instead, driven as its own users do."""

"""What the streaming runtime costs and withstands."""

"""What a run leaves on disk: nothing that was reported as done is ever lost."""

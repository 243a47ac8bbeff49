"""What a run says, in pictures and words: `report.html` and the status on the terminal."""

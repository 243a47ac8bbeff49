"""What a command does that is not a fit."""

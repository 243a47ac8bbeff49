"""Where evaluations run: each in a process of its own."""

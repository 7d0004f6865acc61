"""Other ways to plan a day, each run as a program of its own: FILE SECONDS OUT [--seed N]."""

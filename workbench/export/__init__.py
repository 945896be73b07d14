"""What a person takes away: tables, networks, reports."""

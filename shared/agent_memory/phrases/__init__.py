"""Times in words: "last week", "zwischen Montag und Mittwoch", "hier soir" as spans of the calendar."""

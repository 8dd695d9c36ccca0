"""Everything that takes time: segments, summaries, grips, rollups and scheduled jobs."""

"""The parts of the Results tab: each makes HTML, or data for a script, from what was measured."""

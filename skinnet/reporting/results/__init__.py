"""The page of results: each module makes HTML, or data for a script, from what was measured.

The app's Results tab and report.html are both made here. The page's scripts and style sheets lie beside the modules.
"""

"""The commands of `python -m skinnet`, by group; each module adds its own to the parser."""

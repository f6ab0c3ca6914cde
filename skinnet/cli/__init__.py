"""The command line. `python -m skinnet predict` is `predict.py` here: its options and what it calls.

`__main__.py` uses `registry.add_commands`. A new command is one new file, and its name in `registry.COMMANDS`.
"""

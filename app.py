"""Serve skinnet in the browser: python app.py [CHECKPOINT]

CHECKPOINT is the folder of a trained network, by default the shipped one. Host and port come from
GRADIO_SERVER_NAME and GRADIO_SERVER_PORT (default: http://127.0.0.1:7860).
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: nothing leaves this machine
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from demo.interface import serve
from skinnet.cli.options import default_checkpoint
from skinnet.errors import SkinnetError

if __name__ == "__main__":
    try:
        serve(Path(sys.argv[1]) if len(sys.argv) > 1 else default_checkpoint())
    except (SkinnetError, OSError, ValueError) as error:  # the last two: a port that is taken or no number
        sys.exit(f"skinnet: {error}")

"""Serve skinnet in the browser: python app.py

Host and port by GRADIO_SERVER_NAME and GRADIO_SERVER_PORT (default: http://127.0.0.1:7860).
"""

import os
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: nothing leaves this machine
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from demo.interface import serve
from skinnet.errors import SkinnetError

if __name__ == "__main__":
    try:
        serve()
    except SkinnetError as error:
        sys.exit(f"skinnet: {error}")

"""Serve skinnet in the browser: python app.py [CHECKPOINT]

CHECKPOINT is the folder of a trained network, by default the shipped one. Host and port come from
GRADIO_SERVER_NAME and GRADIO_SERVER_PORT (default: http://127.0.0.1:7860); docs/deploy.md says how to publish it.
"""

import os
import sys
from pathlib import Path

from demo.address import past_any_proxy, server_address, without_proxy
from demo.temporary import private_folder, stop_on_signals
from skinnet.cli.options import SHIPPED_CHECKPOINT
from skinnet.cores import limit_threads
from skinnet.errors import SkinnetError

SETTINGS = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
"""Nothing leaves this machine; set before gradio is imported."""

if __name__ == "__main__":
    os.environ.update(SETTINGS | without_proxy(os.environ))
    limit_threads()
    try:
        host, port = server_address(os.environ)
        stop_on_signals()
        with private_folder() as folder:
            os.environ["GRADIO_TEMP_DIR"] = str(folder)  # read when gradio is imported
            os.environ.setdefault("MPLCONFIGDIR", str(folder))  # or matplotlib complains where there is no home
            with past_any_proxy():
                from demo.serve import serve

            shipped = Path(__file__).resolve().parent / SHIPPED_CHECKPOINT
            serve(Path(sys.argv[1]) if len(sys.argv) > 1 else shipped, host=host, port=port, folder=folder)
    except (SkinnetError, OSError) as error:
        sys.exit(f"skinnet: {error}")

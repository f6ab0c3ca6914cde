"""Answers to malformed requests: a sentence to whoever sent it, and nothing in the server's log.

Gradio itself would fetch an address that a request names in place of a file, and print a traceback for whatever it
cannot parse. `Interface` checks each request before Gradio reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.route_utils import API_PREFIX

from demo.uploads import checked
from skinnet.errors import PhotoError

FILE_ROUTE = f"{API_PREFIX}/file="
MALFORMED = "The request is malformed: see the API page of this app, or docs/api.md."


class Interface(gr.Blocks):
    """`gr.Blocks` that takes no file but an uploaded one."""

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False
    ) -> list[Any]:
        """Prepare the inputs of an event, as Gradio does.

        Raises:
            gr.Error: if they are malformed, or name a file that was not uploaded.
        """
        try:
            if not explicit_call:
                for file in _files(inputs):
                    file["path"] = str(checked(_without_address(file["path"])))
            return list(await super().preprocess_data(block_fn, inputs, state, explicit_call))
        except gr.Error:
            raise
        except PhotoError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:  # Gradio's parsers raise anything on what is not theirs
            raise gr.Error(MALFORMED, print_exception=False) from error


def _without_address(path: Any) -> Any:
    """The path in the app's own address of an uploaded file, as MCP clients send it; any other value as it is."""
    return unquote(path.partition(FILE_ROUTE)[2]) if isinstance(path, str) and FILE_ROUTE in path else path


def _files(content: Any) -> Iterator[dict[str, Any]]:
    """Everything in a request that Gradio might take for a file, at any depth."""
    if isinstance(content, dict):
        if "path" in content and "meta" in content:
            yield content
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from _files(each)

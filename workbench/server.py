"""A JupyterLab server whose kernel messages do not wait for Nagle's algorithm.

jupyter_server leaves TCP_NODELAY off, so each small message from the kernel may wait about
40 ms for the acknowledgement of the one before: a dragged threshold would limp.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

CLASS = "workbench.server.PromptConnection"
OPTION = f"--ServerApp.kernel_websocket_connection_class={CLASS}"


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The usual connection between browser and kernel, sending each message at once."""

    def connect(self) -> Any:
        """Open the connection, with TCP_NODELAY set on the browser's socket."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

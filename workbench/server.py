"""How our servers run: kernel messages do not wait, and nothing is asked of other machines.

jupyter_server leaves TCP_NODELAY off, so each small message from the kernel may wait about
40 ms for the acknowledgement of the one before: a dragged threshold would limp. JupyterLab asks
for news, for a newer version and for a list of extensions on the internet, unless told not to.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

CLASS = "workbench.server.PromptConnection"
OPTIONS = (
    f"--ServerApp.kernel_websocket_connection_class={CLASS}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
"""For JupyterLab's command line; the user's own settings stay as they are."""

POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"
"""A Content-Security-Policy by which the browser itself asks nothing of other machines."""


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The usual connection between browser and kernel, sending each message at once."""

    def connect(self) -> Any:
        """Open the connection, with TCP_NODELAY set on the browser's socket."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()

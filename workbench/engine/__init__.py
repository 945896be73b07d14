"""Running networks in ncnn. The modules of this folder are the only ones that import ncnn.

ncnn is C++ and trusts its input: a network whose layers do not fit together can crash the
process, and with it a notebook's kernel. So a network first runs once in a child process
(`try_out`), and only one that survives is loaded here.
"""

from workbench.engine.arithmetic import Arithmetic, arithmetic
from workbench.engine.network import Network
from workbench.engine.pixels import pixels_to_blob
from workbench.engine.single import SingleLayer
from workbench.engine.trial import try_out

__all__ = ["Arithmetic", "Network", "SingleLayer", "arithmetic", "pixels_to_blob", "try_out"]

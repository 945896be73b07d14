"""What the lessons in `notebooks/` are made of: pictures, predictions, exercises.

from workbench.lessons import Picture, check, film, live, network, predict
"""

from workbench.lessons.checks import Attempt, Verdict, check, exercise, same
from workbench.lessons.film import film
from workbench.lessons.network import network
from workbench.lessons.picture import Picture
from workbench.lessons.predictions import Prediction, predict
from workbench.lessons.still import live

__all__ = [
    "Attempt",
    "Picture",
    "Prediction",
    "Verdict",
    "check",
    "exercise",
    "film",
    "live",
    "network",
    "predict",
    "same",
]

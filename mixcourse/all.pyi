# What type checkers read in place of all.py: they follow these imports, but not `__all__ += module.__all__`.
from .batch import *
from .callback import *
from .check import check as check
from .data import *
from .experiment import Comparison as Comparison, calibration_error as calibration_error, fgsm as fgsm, make_model as make_model
from .explorer import *
from .mixing import *
from .plot import *
from .sampling import *
from .schedule import *
from .settings import Settings as Settings
from .targets import *
from .widget import cards as cards, myth as myth, predict as predict, quiz as quiz, repair as repair

# What type checkers read in place of all.py: they follow these imports, but not `__all__ += module.__all__`.
from .mixing import *
from .callback import *
from .teach.exercises import check as check
from .compare.pictures import *
from .compare.loader import *
from .compare.measures import calibration_error as calibration_error, fgsm as fgsm
from .compare.models import make_model as make_model
from .compare.run import Comparison as Comparison
from .teach.explorer import *
from .teach.images import example_images as example_images
from .teach.playground import *
from .teach.pipeline import *
from .teach.record import *
from .teach.trace import *
from .compare.plot import *
from .mixing.schedule import *
from .compare.settings import Settings as Settings
from .compare.trial import mix_trial as mix_trial
from .teach.questions import cards as cards, myth as myth, predict as predict, quiz as quiz, progress as progress, repair as repair
from .teach.digits import DrawIt as DrawIt
from .teach.exam import exam as exam
from .teach.replay import Replay as Replay

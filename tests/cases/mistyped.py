"What a user may get wrong: mypy must see the error named behind each line. Never run."
from mixcourse.all import MixUp, Settings, digits, image_dls, mixup, rand_lam
from mixcourse.all import no_such  # attr-defined

MixUp('a lot')  # arg-type
mixup([1, 2], rand_lam(2, 1.), .5)  # arg-type
rand_lam(4, alpah=1.)  # call-arg
digits().labels  # attr-defined
image_dls([1])  # arg-type
Settings(seed=1)  # call-arg
Settings().seeds.lower()  # attr-defined

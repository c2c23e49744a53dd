"Train on several GPUs, or on several processes of a CPU, each with draws of its own."
from fastai.vision.all import *
from fastai.distributed import *
from sklearn.datasets import load_digits
from mixcourse.callback import MixUp

if not torch.cuda.is_available():
    @patch
    def _broadcast(self:DistributedDL, t, rank):
        "fastai sends the order of the pictures by way of a GPU; here it goes directly"
        t = [t]
        torch.distributed.broadcast_object_list(t, rank)
        return t[0]

x,y = load_digits(return_X_y=True)
def picture(i): return TensorImage(x[i].reshape(1,8,8)/8 - 1).float()
def digit(i): return y[i]

def learner(cbs, n=len(y), bs=64):
    idx = L.range(n)
    tfms = [[picture], [digit,Categorize(vocab=range(10))]]
    dsets = Datasets(idx, tfms, splits=RandomSplitter(seed=42)(idx))
    dls = dsets.dataloaders(bs=bs, num_workers=0, drop_last=False)
    body = ConvLayer(1, 16, stride=2),ConvLayer(16, 32, stride=2)
    head = nn.AdaptiveAvgPool2d(1),nn.Flatten(),nn.Linear(32,10)
    model = nn.Sequential(*body, *head)
    return Learner(dls, model, loss_func=CrossEntropyLossFlat(), metrics=accuracy, cbs=cbs)

def main():
    set_seed(42)
    learn = learner(MixUp(seed=42)) # one seed: the callback adds the rank to it
    cuda = torch.cuda.is_available()
    with learn.distrib_ctx(sync_bn=cuda, cpu=not cuda), learn.no_bar():
        learn.fit_one_cycle(3, 1e-2)

if __name__=='__main__': main()

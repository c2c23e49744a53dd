"""Draw the README's picture and the card that other sites show for a link: photographs that scikit-image brings, mixed by the library.

python nbs/_build/picture.py"""
from pathlib import Path

import matplotlib
import torch
from PIL import Image, ImageDraw, ImageFont

from mixcourse.mixing import box_lam, cutmix, mixup
from mixcourse.teach.images import example_images

nbs = Path(__file__).parent.parent
blue, orange, violet, ink, gray = '#2a56c6', '#b3500b', '#6e4f8e', '#1d2530', '#545f6f'
fonts = Path(matplotlib.get_data_path())/'fonts/ttf'


def font(size, bold=False): return ImageFont.truetype(fonts/f'DejaVuSans{"-Bold" if bold else ""}.ttf', size)


def photos(side):
    "A cat, a cup of coffee, their blend, and the cat with a piece of the cup: pictures and captions"
    found = example_images('cat', 'coffee', size=side)
    x = torch.stack([torch.tensor(o).permute(2, 0, 1)/255 for o in found.values()])
    perm, box = torch.tensor([1, 0]), torch.tensor([4, 5, 9, 10])*side//10
    lam = box_lam(box, (side, side)).item()
    mixed = [x[0], x[1], mixup(x, perm, .6)[0], cutmix(x, perm, box)[0]]
    images = [Image.fromarray((o.clamp(0, 1)*255).byte().permute(1, 2, 0).numpy()) for o in mixed]
    return list(zip(images, ['cat', 'coffee', '0.60 cat + 0.40 coffee', f'{lam:.2f} cat + {1-lam:.2f} coffee']))


def mark(side):
    "Two squares that overlap, and where they do, their mix"
    big = Image.new('RGBA', (4*34*side//26, 4*side), '#ffffff00')
    draw, u = ImageDraw.Draw(big), 4*side/26
    draw.rounded_rectangle([u, u, 20*u, 20*u], 3*u, fill=blue)
    draw.rounded_rectangle([14*u, 6*u, 33*u, 25*u], 3*u, fill=orange)
    draw.rounded_rectangle([14*u, 6*u, 20*u, 20*u], 2*u, fill=violet)
    return big.resize((34*side//26, side), Image.Resampling.LANCZOS)


def rounded(image, radius):
    mask = Image.new('L', image.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle([0, 0, *image.size], radius, fill=255)
    return mask


def readme(side=220, gap=20):
    sheet = Image.new('RGB', (4*side+3*gap, side+34), 'white')
    draw = ImageDraw.Draw(sheet)
    for i, (image, words) in enumerate(photos(side)):
        left = i*(side+gap)
        sheet.paste(image, (left, 0), rounded(image, 10))
        draw.text((left, side+10), words, font=font(15), fill=ink)
    sheet.save(nbs/'mixed.webp', quality=82, method=6)


def card(width=1200, height=630, side=430):
    sheet = Image.new('RGB', (width, height), 'white')
    draw = ImageDraw.Draw(sheet)
    image, words = photos(side)[2]
    sheet.paste(image, (width-side-70, 80), rounded(image, 22))
    draw.text((width-side-70, 80+side+16), words, font=font(26), fill=gray)
    sheet.paste(mark(96), (70, 96), mark(96))
    draw.text((70, 236), 'mixcourse', font=font(76, bold=True), fill=ink)
    for i, line in enumerate(['MixUp, CutMix and Cutout:', 'a course in notebooks,', 'and callbacks for fastai']):
        draw.text((72, 356+i*48), line, font=font(34), fill=gray)
    sheet.quantize(200, dither=Image.Dither.NONE).save(nbs/'card.png', optimize=True)


if __name__ == '__main__':
    readme()
    card()

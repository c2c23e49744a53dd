"The reader's own pictures in the explorers, the state in the address, and the mixed picture as a file."
import io, re
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from browser.harness import axe, host, page_of, small_targets, wide
from PIL import Image

from mixcourse.mixing import cutmix, mixup
from mixcourse.teach.explorer import CutMixExplorer, CutoutExplorer, MixUpExplorer
from browser.explorers import canvas, pair, slide


def png(color, size=(40, 40), name='mine.png', **kwargs):
    b = io.BytesIO()
    Image.new('RGB', size, color).save(b, 'PNG', **kwargs)
    return dict(name=name, mimeType='image/png', buffer=b.getvalue())


red, blue = png((200, 10, 20), name='my dog.png'), png((10, 20, 220), name='cup.png')


def choose(page, *files): page.locator('.ex-own input[type=file]').first.set_input_files(list(files))


def take(page, name): page.get_by_role('button', name=name, exact=True).click()


def plain(color, size=40): return torch.tensor(color).view(3, 1, 1).expand(3, size, size).float()


@pytest.fixture
def mixer(site):
    page = site.open(MixUpExplorer(pair()))
    page.wait_for_selector('.mx[data-ready]')
    return page


def test_two_pictures_become_the_pair(mixer):
    choose(mixer, red, blue)
    mixer.get_by_label('What is it?').wait_for()
    assert mixer.get_by_label('What is it?').input_value() == 'my dog'
    take(mixer, 'Use as the picture')
    mixer.wait_for_function("document.querySelector('.ex-named input').value === 'cup'")
    take(mixer, 'Use as its partner')
    expected = mixup(torch.stack([plain([200, 10, 20]), plain([10, 20, 220])]), torch.tensor([1, 0]), .7)[0]
    assert (canvas(mixer).float() - expected).abs().max() <= 1
    assert mixer.inner_text('.ex-facts').startswith('70% my dog, 30% cup')
    assert mixer.locator('.ex-bars b').all_inner_texts() == ['0.00', '0.00', '0.70', '0.30']
    mixer.get_by_label('Picture', exact=True).select_option('cat')  # and back
    assert mixer.inner_text('.ex-facts').startswith('70% cat, 30% cup')


def test_a_picture_is_cropped_to_the_square(mixer):
    left, right = Image.new('RGB', (200, 100), (250, 0, 0)), Image.new('RGB', (100, 100), (0, 0, 250))
    left.paste(right, (100, 0))
    b = io.BytesIO()
    left.save(b, 'PNG')
    choose(mixer, dict(name='two.png', mimeType='image/png', buffer=b.getvalue()))
    mixer.get_by_label('What is it?').wait_for()
    slide(mixer, 'Left to right', 1)
    take(mixer, 'Use as the picture')
    slide(mixer, 'λ', 100)
    got = canvas(mixer).float()
    assert (got - plain([0, 0, 250])).abs().max() <= 2
    assert got.shape == (3, 40, 40)


def test_the_crop_follows_the_pointer(mixer):
    wide_one = Image.fromarray(np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[None], 100, 0)).convert('RGB')
    b = io.BytesIO()
    wide_one.save(b, 'PNG')
    choose(mixer, dict(name='ramp.png', mimeType='image/png', buffer=b.getvalue()))
    mixer.get_by_label('What is it?').wait_for()
    r = mixer.locator('.ex-crop canvas').bounding_box()
    y = r['y'] + r['height']/2
    mixer.mouse.move(r['x'] + 10, y)
    mixer.mouse.down()
    mixer.mouse.move(r['x'] + 10 + r['width'], y, steps=4)
    mixer.mouse.up()
    assert float(mixer.get_by_label('Left to right').input_value()) == pytest.approx(.5 - 1/3, abs=.02)


def test_a_photograph_that_lies_on_its_side_stands(mixer):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    img = Image.new('RGB', (40, 40), (0, 250, 0))
    img.paste((250, 0, 0), (0, 0, 20, 40))  # red on the left; on top once it stands
    b = io.BytesIO()
    img.save(b, 'JPEG', exif=exif, quality=95)
    choose(mixer, dict(name='phone.jpg', mimeType='image/jpeg', buffer=b.getvalue()))
    mixer.get_by_label('What is it?').wait_for()
    take(mixer, 'Use as the picture')
    slide(mixer, 'λ', 100)
    got = canvas(mixer)
    assert got[0, 4, 20] > 200
    assert got[1, 36, 20] > 200


transfer = '''([files, kind]) => {
    const data = new DataTransfer()
    for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name, {type: name.endsWith('png') ? 'image/png' : 'text/plain'}))
    const at = kind === 'paste' ? document.body : document.querySelector('.ex')
    const event = kind === 'paste' ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})
        : new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})
    return at.dispatchEvent(event) }'''


@pytest.mark.parametrize('kind', ['drop', 'paste'])
def test_a_picture_is_dropped_or_pasted(mixer, kind):
    mixer.locator('.ex-own summary').click()
    untouched = mixer.evaluate(transfer, [[[red['name'], list(red['buffer'])]], kind])
    assert not untouched
    mixer.get_by_label('What is it?').wait_for()
    take(mixer, 'Use as its partner')
    slide(mixer, 'λ', 0)
    assert (canvas(mixer).float() - plain([200, 10, 20])).abs().max() <= 1


def test_what_is_pasted_elsewhere_is_left_alone(mixer):
    "Nor is text taken"
    assert mixer.evaluate(transfer, [[[red['name'], list(red['buffer'])]], 'paste'])
    mixer.locator('.ex-own summary').click()
    assert mixer.evaluate(transfer, [[['note.txt', [65]]], 'paste'])
    assert not mixer.get_by_label('What is it?').is_visible()


def test_a_file_that_is_no_picture_is_named(mixer):
    choose(mixer, dict(name='notes.png', mimeType='image/png', buffer=b'no picture'), blue)
    mixer.get_by_label('What is it?').wait_for()  # the next one goes on
    assert mixer.get_by_label('What is it?').input_value() == 'cup'
    take(mixer, 'Cancel')
    assert not mixer.get_by_label('What is it?').is_visible()
    choose(mixer, dict(name='notes.png', mimeType='image/png', buffer=b'no picture'))
    mixer.get_by_text('notes.png is no picture that this browser can read.').wait_for()
    assert mixer.locator('.ex-bars li').count() == 2


def test_a_name_is_text(mixer):
    choose(mixer, red)
    mixer.get_by_label('What is it?').fill('<img src=x>')
    take(mixer, 'Use as the picture')
    assert '<img src=x>' in mixer.inner_text('.ex-facts')
    assert mixer.locator('img[src=x]').count() == 0


def test_a_camera_is_asked_for(site):
    "On a phone; elsewhere `capture` is passed over, and the button would only open the files again"
    phone = site.open(MixUpExplorer(pair()), is_mobile=True, has_touch=True, viewport=dict(width=390, height=800))
    phone.locator('.ex-own summary').click()
    with phone.expect_file_chooser() as asked: phone.get_by_role('button', name='Take a photograph').click()
    assert asked.value.element.get_attribute('capture') == 'environment'
    assert asked.value.element.get_attribute('accept') == 'image/*'


def test_without_a_camera_there_is_no_button_for_one(mixer):
    mixer.locator('.ex-own summary').click()
    assert mixer.get_by_role('button', name='Choose pictures').is_visible()
    assert not mixer.get_by_role('button', name='Take a photograph').is_visible()


def test_cutout_takes_one(site):
    page = site.open(CutoutExplorer(pair(), 12, ((10, 10),)))
    choose(page, red)
    page.get_by_label('What is it?').wait_for()
    take(page, 'Use it')
    assert canvas(page)[:, 39, 39].tolist() == [200, 10, 20]
    assert page.inner_text('.ex-facts').endswith('The label stays my dog.')


@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_the_crop_is_for_everybody(site, width, scheme):
    page = site.open(MixUpExplorer(pair()), viewport=dict(width=width, height=900), color_scheme=scheme)
    choose(page, red)
    page.get_by_label('What is it?').wait_for()
    assert axe(page) == []
    assert small_targets(page) == []
    assert wide(page) <= 0


# the address

def open_at(site, address, *parts, **kwargs):
    page = site.watch(site.context({'/': page_of(*parts)}, **kwargs).new_page())
    page.set_default_timeout(5000)
    go_to(page, address)
    return page


def go_to(page, address):
    "As who follows a link: a page that was open would only be told of the part behind #"
    page.goto('about:blank')
    page.goto(f'{host}/{address}')
    page.wait_for_function("document.querySelectorAll('.mx[data-ready]').length === document.querySelectorAll('.mx').length")


def link(page, nth=0):
    "What is copied; a page of http has no clipboard"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => { window.copied = text }}})")
    page.get_by_role('button', name='Copy link').nth(nth).click()
    page.get_by_text('Copied.').wait_for()
    return page.evaluate('copied')


def test_a_link_brings_back_what_was_set(site):
    parts = MixUpExplorer(pair()), CutMixExplorer(pair(), (20, 20), 16)
    page = open_at(site, '', *parts)
    for k, v in zip(('Side of the box', 'Row of the center', 'Column'), (10, 5, 30)): slide(page, k, v)
    found = link(page, 1)
    assert 'length=10' in found
    assert '%' not in found
    other = open_at(site, '#'+urlsplit(found).fragment, *parts)
    assert other.get_by_label('Row of the center').input_value() == '5'
    assert other.get_by_label('λ', exact=True).input_value() == '70', 'the first explorer is not meant'
    assert 'from cup: λ = 0.938' in other.locator('.ex-facts').nth(1).inner_text()


def test_a_link_names_the_pictures(site):
    page = open_at(site, '#mx=explorer-1&pictures=1,0&lam=0.25&alpha=2', MixUpExplorer(pair()))
    assert page.inner_text('.ex-facts').startswith('25% cup, 75% cat')
    page.evaluate("location.hash = 'mx=explorer-1&lam=0.5'")
    page.wait_for_function("document.querySelector('.ex-facts').textContent.startsWith('50%')")


wrong = ['lam=2', 'lam=NaN', 'lam=', 'pictures=7,9', 'pictures=a,b', 'alpha=-1', 'centers=1,99', 'centers=1', 'length=1e9', 'fill=red', 'fill=toString',
         'lam=%3Cimg%20src=x%3E']


def shown(page): return page.inner_text('.ex-facts'), page.inner_text('.ex pre')


@pytest.mark.parametrize('make', [lambda: MixUpExplorer(pair()), lambda: CutMixExplorer(pair(), (20, 20), 16), lambda: CutoutExplorer(pair(), 12)],
                         ids=['mixup', 'cutmix', 'cutout'])
def test_an_address_is_not_believed(site, make):
    page = open_at(site, '', make())
    before = shown(page)
    for address in wrong:
        go_to(page, f'#mx=explorer-1&{address}')
        assert shown(page) == before, address
        assert page.locator('img[src=x]').count() == 0, address


@pytest.mark.parametrize('clipboard', ['{writeText: async () => 0}', '{writeText: () => Promise.reject()}'])
def test_a_link_says_that_own_pictures_stay(mixer, clipboard):
    "And says it only where there are some in the mix"
    mixer.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{value: {clipboard}}})")
    said = mixer.get_by_text('Your own pictures stay here')
    mixer.get_by_role('button', name='Copy link').click()
    mixer.get_by_text(re.compile('^Cop(ied|y it)')).wait_for()
    assert said.count() == 0
    choose(mixer, red)
    mixer.get_by_label('What is it?').wait_for()
    take(mixer, 'Use as its partner')
    mixer.get_by_role('button', name='Copy link').click()
    said.wait_for()
    mixer.get_by_label('Partner', exact=True).select_option('cup')
    mixer.get_by_role('button', name='Copy link').click()
    said.wait_for(state='detached')


def test_where_the_clipboard_is_refused_the_link_is_shown(site):
    page = open_at(site, '', MixUpExplorer(pair()))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject()}})")
    page.get_by_role('button', name='Copy link').click()
    assert page.get_by_label('Link', exact=True).input_value().startswith(f'{host}/#mx=explorer-1&')


def test_in_a_notebook_there_is_no_address(site):
    page = site.open(page=page_of('<div class="jp-Notebook">', MixUpExplorer(pair()), '</div>'))
    assert page.get_by_role('button', name='Copy link').count() == 0


# the file

def test_the_mixed_picture_is_saved(site):
    e = CutMixExplorer(pair(), (20, 28), 16)
    page = site.open(e)
    page.wait_for_selector('.mx[data-ready]')
    with page.expect_download() as caught: page.get_by_role('button', name='Save the mixed picture').click()
    assert re.fullmatch(r'cutmix-cat-mixed-with-cup\.png', caught.value.suggested_filename)
    got = torch.tensor(np.array(Image.open(caught.value.path()).convert('RGB'))).permute(2, 0, 1)
    assert (got - cutmix(e.x, torch.tensor([1, 0]), e.box)[0]*255).abs().max() <= 1

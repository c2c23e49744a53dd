"Widgets in JupyterLab and Notebook: with a kernel, from a notebook that is not trusted, and the keys that both want for themselves."
import json, time

import pytest
from mixcourse.teach.questions import quiz

# a workspace of its own: Lab brings the notebooks of the last one back
apps = {'lab': 'lab/workspaces/{0}/tree', 'notebook': 'notebooks'}
live = '''import json
from mixcourse.teach.questions import quiz
w = quiz('mixup.target').live()
w.observe(lambda c: open('{name}.json', 'w').write(json.dumps([w.value, quiz('mixup.target').score(w.value)])), 'value')
w'''


@pytest.fixture
def window(chrome):
    ctx = chrome.new_context(viewport=dict(width=1280, height=1400))
    page = ctx.new_page()
    page.set_default_timeout(60_000)
    yield page
    ctx.close()


def open_notebook(page, jupyter, app, name):
    page.goto(f'{jupyter.url}{apps[app].format(name.partition(".")[0])}/{name}?token={jupyter.token}')
    page.wait_for_selector('.jp-Notebook .jp-Cell')
    page.wait_for_function('window.jupyterapp')


def run_all(page):
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status=idle], .jp-NotebookKernelStatus', state='attached')
    page.wait_for_function('''async () => { const w = jupyterapp.shell.currentWidget; await w.context.ready; await w.sessionContext.ready
        return w.sessionContext.session?.kernel?.status === 'idle' }''')
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")


def wait_for(path, seconds=20):
    end = time.time()+seconds
    while time.time() < end:
        if path.exists() and path.read_text(): return json.loads(path.read_text())
        time.sleep(.1)
    raise AssertionError(f'no {path.name}')


@pytest.mark.parametrize('app', apps)
def test_answers_arrive_in_python_and_keys_are_kept(window, jupyter, app):
    name = f'{app}.ipynb'
    jupyter.write(name, [live.format(name=app), 'quiz("mixup.pixel")', '"last"'])
    open_notebook(window, jupyter, app, name)
    run_all(window)
    alive, still = window.locator('.mx[data-on]').nth(0), window.locator('.mx[data-on]').nth(1)
    still.wait_for()

    def cells(): return window.evaluate('jupyterapp.shell.currentWidget.content.widgets.length')
    assert cells() == 3
    options = alive.locator('.mx-ui').get_by_role('radio')
    options.nth(0).check()
    for key in ('ArrowDown', 'ArrowUp', 'ArrowDown'): window.keyboard.press(key)
    assert options.nth(1).is_checked()  # arrows choose; they move no cell
    for key in ('b', 'a', 'x', 'd', 'd', 'm'): window.keyboard.press(key)
    assert cells() == 3
    assert window.evaluate("jupyterapp.shell.currentWidget.content.widgets.every(o => o.model.type === 'code')")
    window.keyboard.press('Enter')
    from mixcourse.teach.bank import find
    from mixcourse.teach.items import grade
    value, score = wait_for(jupyter.root/f'{app}.json')
    question, place = find('mixup.target')['mixup.target'], value['mixup.target']
    assert question.options[place].text in alive.locator('.mx-ui .mx-opt').nth(1).inner_text()  # shuffled for each reader
    assert score == [int(grade(question, place).right), 1]
    # the one without a kernel, in the same notebook: digits are typed, not commands
    box = still.locator('.mx-ui').get_by_role('textbox')
    box.click()
    window.keyboard.type('0.35')
    window.keyboard.press('Enter')
    assert box.input_value() == '0.35'
    assert still.get_by_text('Right.').first.is_visible()
    assert cells() == 3


@pytest.mark.parametrize('app', apps)
def test_untrusted_notebook_can_be_read(window, jupyter, app):
    jupyter.write(f'untrusted_{app}.ipynb', [('quiz("mixup.target")', quiz('mixup.target').html())])
    open_notebook(window, jupyter, app, f'untrusted_{app}.ipynb')
    out = window.locator('.jp-OutputArea-output')
    out.get_by_text('0.7 cat and 0.3 dog').wait_for()
    assert window.locator('.mx[data-on]').count() == 0
    why = out.get_by_text('Labels are blended with the very')
    assert not why.is_visible()
    out.get_by_text('0.7 cat and 0.3 dog').click()
    why.wait_for()


explorers = '''from PIL import Image
from mixcourse.teach.explorer import CutMixExplorer
from mixcourse.teach.playground import Playground
CutMixExplorer({c: Image.new('RGB', (64, 64), c) for c in ('red', 'blue')}).live()'''


@pytest.mark.parametrize('app', apps)
def test_explorer_and_playground_with_a_kernel(window, jupyter, app):
    name = f'explorers_{app}.ipynb'
    jupyter.write(name, [explorers, 'Playground(points=100).live()', '"last"'])
    open_notebook(window, jupyter, app, name)
    run_all(window)
    box, play = window.locator('.mx[data-on]').nth(0), window.locator('.mx[data-on]').nth(1)
    play.wait_for()
    slider = box.get_by_role('slider').first
    slider.focus()
    before = slider.input_value()
    for key in ('ArrowRight', 'ArrowRight', 'b', 'd', 'd'): window.keyboard.press(key)
    assert slider.input_value() != before
    play.get_by_role('button', name='Step').click()
    play.get_by_label('decision surface after 1 steps').first.wait_for()
    assert window.evaluate('jupyterapp.shell.currentWidget.content.widgets.length') == 3


@pytest.mark.parametrize('app', apps)
def test_a_widget_says_that_its_kernel_was_restarted(window, jupyter, app):
    name = f'restart_{app}.ipynb'
    jupyter.write(name, [live.format(name=f'restart_{app}')])
    open_notebook(window, jupyter, app, name)
    run_all(window)
    widget = window.locator('.mx[data-on]').first
    widget.wait_for()
    said = widget.get_by_text('Python no longer listens')
    assert not said.is_visible()
    window.evaluate('() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()')
    said.wait_for()

"A page taken apart: its elements, its text, the state of its widget."
import json
from html.parser import HTMLParser


class Elements(HTMLParser):
    "The elements of a page, and the text outside scripts"
    def __init__(self, html):
        super().__init__()
        self.found, self.text, self.inside = [], '', []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag): self.inside = self.inside[:len(self.inside) - self.inside[::-1].index(tag) - 1]
    def handle_data(self, data): self.text += data


def state_in(html): return json.loads(Elements(html).found[0][1]['data-state'])

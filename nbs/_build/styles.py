"A style sheet without what no page needs."
import re
from itertools import pairwise

import tinycss2

word = re.compile(r'-?[a-zA-Z_][\w-]*')


def split(tokens):
    "Selectors between commas"
    res = [[]]
    for o in tokens:
        if o == ',': res.append([])
        else: res[-1].append(o)
    return res


def classes(selector):
    "Classes that a page must have for it; those in `:not()` and its like are nested deeper, and do not count"
    names = [o.value for dot, o in pairwise(selector) if dot == '.' and o.type == 'ident']
    return {o for name in names for o in word.findall(name)}


def trim_rule(rule, used):
    "A rule with the selectors that a page may match, or None"
    if rule.type == 'at-rule' and rule.lower_at_keyword in ('media', 'supports'):
        inner = trim_rules(tinycss2.parse_rule_list(rule.content), used)
        rule.content = inner
        return rule if any(o.type not in ('whitespace', 'comment') for o in inner) else None
    if rule.type != 'qualified-rule': return rule
    kept = [tinycss2.serialize(o) for o in split(rule.prelude) if classes(o) <= used]
    rule.prelude = tinycss2.parse_component_value_list(','.join(kept))
    return rule if kept else None


def trim_rules(rules, used): return [o for rule in rules if (o := trim_rule(rule, used))]


def trim(css, used):
    "A style sheet without the rules for classes that are not in `used`"
    return tinycss2.serialize(trim_rules(tinycss2.parse_stylesheet(css), used))


def words(out):
    "All that may be a class in pages and scripts"
    files = [p for s in ('html', 'js') for p in out.rglob(f'*.{s}')]
    return {o for p in files for o in word.findall(p.read_text(encoding='utf-8'))}


def write(out):
    "Of Bootstrap's many rules those for a class that is said in a page or a script, or that a script puts together"
    said = words(out)
    for path in out.glob('site_libs/bootstrap/bootstrap-*.min.css'):
        css = path.read_text(encoding='utf-8')
        joined = {o for o in word.findall(css) if o.startswith(('aa-', 'bs-', 'modal', 'tippy', 'quarto-', 'search-'))}
        path.write_text(trim(css, said | joined), encoding='utf-8')

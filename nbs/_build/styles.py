"A style sheet without what no page needs."
import re


def names_of(selector):
    "Classes in it"
    bare = re.sub(r'"[^"]*"|\\[^ ]', ' ', selector)
    return set(re.findall(r'\.(-?[a-zA-Z_][\w-]*)', bare))


def may_match(selector, used):
    "Whether a page may have what it names; what it must not have does not count"
    needed = re.sub(r':(not|is|where|has)\([^()]*\)', '', selector)
    return names_of(needed) <= used


def trim(css, used):
    "A style sheet without the rules for classes that are not in `used`"
    res, at = [], 0
    for m in re.finditer(r'/\*.*?\*/|[^{};]*;|([^{};]+)\{|\}', css, re.S):
        if m.start() < at: continue  # within a rule
        if m[1] is None or m[1].lstrip().startswith('@'):
            res.append(m[0])
            continue
        at = css.index('}', m.end()) + 1
        kept = [o for o in m[1].split(',') if may_match(o, used)]
        if kept: res.append(','.join(kept) + '{' + css[m.end():at])
    return re.sub(r'@(?:media|supports)[^{};]*\{\s*\}', '', ''.join(res))


def words(out):
    "All that may be a class in pages and scripts"
    files = [p for s in ('html', 'js') for p in out.rglob(f'*.{s}')]
    return {o for p in files for o in re.findall(r'-?[a-zA-Z_][\w-]*', p.read_text(encoding='utf-8'))}


def write(out):
    "Of Bootstrap's many rules those for a class that is said in a page or a script, or that a script puts together"
    said = words(out)
    for path in out.glob('site_libs/bootstrap/bootstrap-*.min.css'):
        css = path.read_text(encoding='utf-8')
        joined = {o for o in names_of(css) if o.startswith(('aa-', 'bs-', 'modal', 'tippy', 'quarto-', 'search-'))}
        path.write_text(trim(css, said | joined), encoding='utf-8')

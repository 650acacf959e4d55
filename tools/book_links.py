"""Sees that every link within the book leads to a page, and to a place on it, that are there.

    book_links.py DIRECTORY

The links of the pages in the tree are looked at by a test; this looks at what mdbook has made of them. Links to elsewhere are not
asked for.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.places, self.links = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.places.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


book = Path(sys.argv[1]).resolve()
# print.html is all pages in one; 404.html is shown wherever one is lost.
pages = {path: Page(path.read_text("utf-8")) for path in book.rglob("*.html") if path.name not in ("print.html", "404.html")}
dead, looked_at = [], 0
for path, page in sorted(pages.items()):
    for link in sorted(page.links):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        looked_at += 1
        to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        place = unquote(parts.fragment)
        if not to.is_file():
            dead.append(f"{path.relative_to(book)}: {link}: there is no such page")
        elif place and to in pages and place not in pages[to].places:
            dead.append(f"{path.relative_to(book)}: {link}: there is no such place on the page")
if dead or looked_at < 100:
    print("\n".join(dead), f"book: {looked_at} links, {len(dead)} dead", sep="\n", file=sys.stderr)
    sys.exit(1)
print(f"book: {looked_at} links, none of them dead")

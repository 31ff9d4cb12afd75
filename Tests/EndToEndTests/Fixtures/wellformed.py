"""Parses a page as XML and as HTML and reports whether both yield the same elements and texts."""
import html.parser
import sys
import xml.etree.ElementTree as tree

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()

seen_by_xml = []


def walk(element):
    seen_by_xml.append((element.tag, sorted(element.attrib.items())))
    if element.text:
        seen_by_xml.append(element.text)
    for child in element:
        walk(child)
        if child.tail:
            seen_by_xml.append(child.tail)


walk(tree.fromstring(text))


class Reader(html.parser.HTMLParser):
    seen = []
    depth = 0

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, sorted(attrs)))

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self.seen:
            self.seen.append(data)


reader = Reader()
reader.feed(text)
reader.close()


def joined(seen):
    """Joins adjacent texts, because a parser may split text anywhere."""
    result = []
    for item in seen:
        if isinstance(item, str) and result and isinstance(result[-1], str):
            result[-1] += item
        else:
            result.append(item)
    return [item.rstrip("\n") if isinstance(item, str) else item for item in result]


same = joined(seen_by_xml) == joined(reader.seen)
print("the same" if same else "not the same")
sys.exit(0 if same else 1)

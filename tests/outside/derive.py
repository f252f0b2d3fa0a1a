"""Derives the document that the emulator serves from the shared one.

    derive.py SHARED.yaml DIFFERENCES.json SERVED.json            writes SERVED.json
    derive.py SHARED.yaml DIFFERENCES.json SERVED.json --check    ends with 1 when SERVED.json is another one

A difference is {"why", "path": [member, …], "value"}: the value takes the place of what stands at the path;
without "value" the member is taken out.
"""
import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Instants stay text: JSON has no other form for them."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def apply(document, difference):
    *above, last = difference["path"]
    place = document
    for member in above:
        place = place[member]
    if "value" in difference:
        if isinstance(place, dict) and last in place and place[last] == difference["value"]:
            sys.exit(f"no difference: {difference['path']}")
        place[last] = difference["value"]
    else:
        del place[last]


def main(shared, differences, served, *options):
    with open(shared, encoding="utf-8") as file:
        document = yaml.load(file, Loader)
    with open(differences, encoding="utf-8") as file:
        for difference in json.load(file):
            apply(document, difference)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if "--check" in options:
        with open(served, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit(f"{served} is not what derive.py makes of {shared} and {differences}")
    else:
        with open(served, "w", encoding="utf-8") as file:
            file.write(text)


main(*sys.argv[1:])

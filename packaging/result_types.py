#!/usr/bin/env python3
"""result_types.py python|typescript DOCS: classes (or interfaces) of what commands write, from DOCS/*.schema.json.

An object with named members becomes a class: the document itself (Report), those of $defs (ReportLayer), inner ones by
where they stand (ReportTotals). What schemas say in ways that types cannot is any value."""
import json
import keyword
import os
import sys

ROOTS = {"report": "Report", "plan": "Plan", "diff": "Diff", "check": "Check", "footprint": "Footprint",
         "applied": "Applied", "rating": "Rating", "runs": "Runs", "sweep": "Sweep"}
SCALARS = {"python": {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"},
           "typescript": {"string": "string", "integer": "number", "number": "number", "boolean": "boolean",
                          "null": "null"}}
ANY = {"python": "Any", "typescript": "unknown"}


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").replace(" ", "_").split("_"))


class Writer:
    def __init__(self, language, root, schema):
        self.language, self.root, self.schema = language, root, schema
        self.classes = {}  # name: (description, {member: (type, class or None, optional)})

    def resolve(self, at, name):
        while "$ref" in at:
            key = at["$ref"].rsplit("/", 1)[1]
            at, name = self.schema["$defs"][key], self.root + camel(key)
        return at, name

    def type_of(self, at, name):
        """The type of a value, and the class of the records in it."""
        at, name = self.resolve(at, name)
        for choice in ("anyOf", "oneOf"):
            if choice in at:
                return self.union([self.type_of(one, name) for one in at[choice]])
        if "const" in at or "enum" in at:
            kinds = {type(value) for value in at.get("enum", [at.get("const")])}
            return (SCALARS[self.language]["string"] if kinds == {str} else ANY[self.language]), None
        kind = at.get("type", "object" if "properties" in at else None)
        if isinstance(kind, list):
            return self.union([self.type_of(dict(at, type=one), name) for one in kind])
        if kind == "array":
            inner, of = self.type_of(at["items"], name) if isinstance(at.get("items"), dict) else (ANY[self.language], None)
            return ("List[%s]" if self.language == "python" else "Array<%s>") % inner, of
        if kind == "object" and "properties" in at:
            self.add(name, at)
            return name, name
        if kind == "object":
            inner = at.get("additionalProperties")
            inner = self.type_of(inner, name)[0] if isinstance(inner, dict) else ANY[self.language]
            return ("Dict[str, %s]" if self.language == "python" else "Record<string, %s>") % inner, None
        return SCALARS[self.language].get(kind, ANY[self.language]), None

    def union(self, types):
        names = list(dict.fromkeys(name for name, _ in types))
        of = next((kind for _, kind in types if kind), None)
        if len(names) == 1:
            return names[0], of
        return ("Union[%s]" % ", ".join(names) if self.language == "python" else " | ".join(names)), of

    def add(self, name, at):
        if name in self.classes:
            return
        self.classes[name] = None  # its own members may refer to it
        members = {}
        for key, value in at["properties"].items():
            kind, of = self.type_of(value, name + camel(key))
            members[key] = (kind, of, key not in at.get("required", ()))
        self.classes[name] = (at.get("description", ""), members)


def write_python(classes):
    print('"""What commands return. Written by packaging/result_types.py from docs/*.schema.json."""\n'
          "from typing import Any, Dict, List, Optional, Union\n\nfrom .record import Record\n")
    for name, (description, members) in classes.items():
        print("\nclass %s(Record):" % name)
        if description:
            print('    """%s"""\n' % description.replace("\\", "\\\\"))
        for key, (kind, _, optional) in members.items():
            if key.isidentifier() and not keyword.iskeyword(key):
                quoted = "Optional[%s]" % kind if optional else kind
                print('    %s: "%s"' % (key, quoted))
        if not members and not description:
            print("    pass")
        print()
    print()
    for name, (_, members) in classes.items():
        kinds = ", ".join('"%s": %s' % (key, of) for key, (_, of, _) in members.items() if of)
        if kinds:
            print("%s._kinds = {%s}" % (name, kinds))


def write_typescript(classes):
    print("// What commands return. Written by packaging/result_types.py from docs/*.schema.json.\n")
    for name, (description, members) in classes.items():
        if description:
            print("/** %s */" % description)
        print("export interface %s {" % name)
        for key, (kind, _, optional) in members.items():
            print('  %s%s: %s;' % (key if key.isidentifier() else json.dumps(key), "?" if optional else "", kind))
        print("}\n")


def main(language, docs):
    classes = {}
    for stem, root in ROOTS.items():
        with open(os.path.join(docs, stem + ".schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        writer = Writer(language, root, schema)
        writer.add(root, schema)
        classes.update(writer.classes)
    (write_python if language == "python" else write_typescript)(classes)


if __name__ == "__main__":
    main(*sys.argv[1:])

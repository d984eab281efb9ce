"""Make docs/python.md from the signatures and docstrings of the public classes; `docs/generate.py` writes it."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cached_property
from typing import Any, Final

CONTENTS: Final = (
    ("imdbsent", "load", ()),
    ("imdbsent", "Classifier", ("predict", "predict_iter", "classify")),
    ("imdbsent", "Prediction", ()),
    ("imdbsent", "PredictOptions", ()),
    ("imdbsent", "Explainer", ("explain",)),
    ("imdbsent.explain.explain", "Explanation", ("label",)),
    ("imdbsent.explain.explain", "Breakdown", ("strongest", "strongest_sentences", "sentences", "of_words", "count")),
    ("imdbsent.explain.explain", "ExplainedToken", ()),
    ("imdbsent.explain.explain", "Sentence", ()),
    ("imdbsent.cluster.batches", "pack", ()),
    ("imdbsent.cluster.batches", "BatchClassifier", ("__call__", "frames", "predict_function")),
)
"""What the page describes: the module to import from, the name in it, and the methods."""
SECTIONS: Final = ("Args", "Attributes", "Returns", "Yields", "Raises")
HEAD: Final = """# From Python

```python
import imdbsent

classifier = imdbsent.load()
prediction = classifier.predict(["great movie"])[0]
print(prediction.label, round(prediction.probability, 2))  # positive 0.93
```

Importing `imdbsent` takes no time; `load` imports ONNX Runtime and reads the model. Messages go to the logger
`imdbsent` of `logging`. Every error of the package is an `imdbsent.errors.ImdbsentError`, with a sentence for people
and an `exit_code`. [The command line](commands.md) uses these same classes.

This page is generated from the docstrings: `make docs` writes it, and a test fails if it is out of date.

"""
_SECTION: Final = re.compile(rf"^({'|'.join(SECTIONS)}):$")


def page() -> str:
    """The text of docs/python.md."""
    links = [f"- [`{module}.{name}`](#{_anchor(f'{module}.{name}')})\n" for module, name, _ in CONTENTS]
    parts = [_of_object(*entry) for entry in CONTENTS]
    return HEAD + "".join(links) + "\n" + "\n".join(parts)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _of_object(module: str, name: str, methods: tuple[str, ...]) -> str:
    found = getattr(importlib.import_module(module), name)
    lines = [f"## {module}.{name}", "", *_signature(name, found), *_docstring(found), ""]
    for method in methods:
        member = vars(found)[method]
        lines += [f"### {name}.{method}", "", *_signature(method, member), *_docstring(member), ""]
    return "\n".join(lines)


class _Annotation(str):
    """An annotation that is shown as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(name: str, found: Any) -> list[str]:
    if isinstance(found, (property, cached_property)):
        function: Any = found.fget if isinstance(found, property) else found.func
        return ["```python", f"{name}: {inspect.signature(function).return_annotation}", "```", ""]
    signature = inspect.signature(found)
    parameters = [
        one.replace(annotation=_Annotation(one.annotation))
        for one in signature.parameters.values()
        if one.name != "self"
    ]
    returned = _Annotation(signature.return_annotation)
    is_class = inspect.isclass(found)
    written = str(signature.replace(parameters=parameters, return_annotation=signature.empty if is_class else returned))
    written = re.sub(r"PredictOptions\(\w+=[^)]*\)", "PredictOptions()", written)
    if len(f"{name}{written}") > 100:  # noqa: PLR2004 (columns)
        inside, _, after = written[1:].rpartition(")")
        written = "(\n" + "".join(f"    {one},\n" for one in _split(inside)) + ")" + after
    return ["```python", f"{name}{written}", "```", ""]


def _split(parameters: str) -> list[str]:
    """Parameters with commas between them; a comma in brackets separates none."""
    found, depth = [""], 0
    for character in parameters:
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [one.strip() for one in found]


def _docstring(found: Any) -> list[str]:
    lines: list[str] = []
    is_list = is_example = False
    for line in (inspect.getdoc(found) or "").splitlines():
        if line.startswith(">>>") != is_example:
            is_example = not is_example
            lines.append("```python" if is_example else "```\n")
        if heading := _SECTION.match(line):
            lines += [f"**{heading[1].replace('Args', 'Arguments')}**", ""]
            is_list = heading[1] in ("Args", "Attributes", "Raises")
        elif is_list and (item := re.match(r"^    (\S[^:]*): (.*)$", line)):
            lines.append(f"- `{item[1]}`: {item[2]}")
        elif is_list and line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line.strip() if line.startswith("    ") else line.removeprefix(">>> "))
    return lines

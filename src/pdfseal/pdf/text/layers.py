"""Optional content: what is on layers that are not displayed must not be found.

    Document with hidden layers -> a copy in memory in which pdfium sees what is hidden

Law: the copy is for reading text and nothing else. It has the same pages at the same places:
hidden parts of a content stream get a mark of our own (`HIDDEN_MARK`), hidden XObjects are not
drawn, hidden annotations are taken out. pdfium knows no optional content when it reads text.

Reference: ISO 32000-2, 8.11 (optional content), 8.11.4.3 (configurations).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.encryption import open_with_qpdf
from pdfseal.pdf.text.pdfium import HIDDEN_MARK

MAX_DEPTH = 16


def marked_copy(document: Document, password: str | None) -> bytes | None:
    """The copy with its hidden parts marked; None where no layer is hidden by default.

    Raises `pdf_damaged`.
    """
    if document.dictionary(document.catalog.get("OCProperties")) is None:
        return None
    try:
        return _marked_copy(document, password)
    except Exception as error:  # pikepdf raises many things on damaged dictionaries
        raise DocumentError("pdf_damaged", f"the document's layers cannot be read: {error}") from error


def _marked_copy(document: Document, password: str | None) -> bytes | None:
    import pikepdf

    with open_with_qpdf(document.source, password) as pdf:
        layers = _Layers.read(pdf)
        if not layers.hidden:
            return None
        marker = _Marker(pdf, layers, pikepdf)
        for page in pdf.pages:
            marker.mark_page(page.obj, page.resources)
        out = io.BytesIO()
        pdf.save(out, encryption=False)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Layers:
    """Object identifiers of the optional content groups that are off in the default configuration."""

    hidden: frozenset[tuple[int, int]]

    @classmethod
    def read(cls, pdf: Any) -> _Layers:
        properties = pdf.Root.OCProperties
        default = properties.get("/D", {})
        groups = {group.objgen for group in properties.get("/OCGs", [])}
        hidden = set(groups) if str(default.get("/BaseState", "/ON")) == "/OFF" else set()
        hidden -= {group.objgen for group in default.get("/ON", [])}
        hidden |= {group.objgen for group in default.get("/OFF", [])}
        for usage in default.get("/AS", []):
            if str(usage.get("/Event")) != "/View":
                continue
            for group in usage.get("/OCGs", []):
                state = str(group.get("/Usage", {}).get("/View", {}).get("/ViewState", ""))
                if state == "/OFF":
                    hidden.add(group.objgen)
                elif state == "/ON":
                    hidden.discard(group.objgen)
        return cls(frozenset(hidden))

    def hides(self, content: Any) -> bool:
        """Whether an optional content group or membership dictionary is not displayed (8.11.2)."""
        if content is None:
            return False
        if str(content.get("/Type")) != "/OCMD":
            return content.objgen in self.hidden
        expression = content.get("/VE")
        if expression is not None:
            return not self._holds(expression, 0)
        members = content.get("/OCGs")
        if members is None:
            return False
        groups = list(members) if _is_array(members) else [members]
        on = [group.objgen not in self.hidden for group in groups if group is not None]
        policy = str(content.get("/P", "/AnyOn"))
        rules = {"/AllOn": all(on), "/AnyOff": not all(on), "/AllOff": not any(on)}
        return bool(on) and not rules.get(policy, any(on))

    def _holds(self, expression: Any, depth: int) -> bool:
        if not _is_array(expression):
            return expression.objgen not in self.hidden
        if depth > MAX_DEPTH or len(expression) < 2:
            return True
        values = (self._holds(item, depth + 1) for item in list(expression)[1:])
        operator = str(expression[0])
        return not next(values) if operator == "/Not" else all(values) if operator == "/And" else any(values)


def _is_array(value: Any) -> bool:
    return type(value).__name__ == "Array" or str(getattr(value, "_type_name", "")) == "array"


@dataclass(slots=True)
class _Marker:
    pdf: Any
    layers: _Layers
    pikepdf: Any
    _done: set[tuple[int, int]] = field(default_factory=set)

    def mark_page(self, page: Any, resources: Any) -> None:
        annotations = page.get("/Annots")
        if annotations is not None:
            page["/Annots"] = self.pikepdf.Array(
                [one for one in annotations if not self.layers.hides(one.get("/OC"))]
            )
        content = self._marked(page, resources, 0)
        if content is not None:
            page["/Contents"] = self.pdf.make_stream(content)

    def _mark_form(self, form: Any, resources: Any, depth: int) -> None:
        if form.objgen in self._done or depth > MAX_DEPTH:
            return
        self._done.add(form.objgen)
        content = self._marked(form, form.get("/Resources", resources), depth)
        if content is not None:
            form.write(content)

    def _marked(self, container: Any, resources: Any, depth: int) -> bytes | None:
        """The new content of a page or form, None where it can stay; forms it draws are done first."""
        properties = resources.get("/Properties", {})
        hidden = {name for name, value in properties.items() if self.layers.hides(value)}
        undrawn = set()
        for name, item in resources.get("/XObject", {}).items():
            if self.layers.hides(item.get("/OC")):
                undrawn.add(name)
            elif str(item.get("/Subtype")) == "/Form":
                self._mark_form(item, resources, depth + 1)
        if not hidden and not undrawn:
            return None
        try:
            instructions = self.pikepdf.parse_content_stream(container)
        except self.pikepdf.PdfError:
            return None  # content that cannot be parsed is left to pdfium as it is
        return bytes(self.pikepdf.unparse_content_stream(self._rewritten(instructions, hidden, undrawn)))

    def _rewritten(self, instructions: Any, hidden: set[str], undrawn: set[str]) -> list[Any]:
        mark = [self.pikepdf.Name("/" + HIDDEN_MARK)]
        begin = self.pikepdf.Operator("BMC")
        open_marks: list[bool] = []
        kept = []
        for operands, operator in instructions:
            name = str(operator)
            if name in ("BDC", "BMC"):
                hides = len(operands) > 1 and str(operands[0]) == "/OC" and str(operands[1]) in hidden
                open_marks.append(hides)
                if hides:
                    operands, operator = mark, begin
            elif name == "EMC" and open_marks:
                open_marks.pop()
            elif name == "Do" and (any(open_marks) or str(operands[0]) in undrawn):
                continue
            kept.append((operands, operator))
        return kept

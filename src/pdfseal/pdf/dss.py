"""The document security store: what a verifier will need in ten years, kept inside the document.

    read_dss(document)              -> Dss                 what the newest revision holds
    write_dss(revision, Dss)                               adds to it, never removes
    vri_key(contents)               -> str                 under which a signature's own data stand

    DSS = << /Type /DSS  /Certs [streams]  /CRLs [streams]  /OCSPs [streams]  /VRI << key entry … >> >>
    entry = << /Type /VRI  /Cert [streams]  /CRL [streams]  /OCSP [streams]  /TS stream >>

Law: bytes in and out; what a certificate, CRL, OCSP response or timestamp token says is nobody's
business here. An unreadable entry of a store is left out, never fatal: a store is a help.

Reference: ISO 32000-2, 12.8.4.3 and 12.8.4.4; ETSI EN 319 142-1, 5.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pdfseal.errors import DocumentError
from pdfseal.pdf.document import Document
from pdfseal.pdf.filters import decode
from pdfseal.pdf.revision import Revision
from pdfseal.pdf.syntax import Dictionary, Name, Ref, Value
from pdfseal.pdf.xref import InUse

# Key in the DSS, key in a VRI entry, our name.
_KINDS = (("Certs", "Cert", "certificates"), ("CRLs", "CRL", "crls"), ("OCSPs", "OCSP", "ocsps"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """DER of certificates, certificate revocation lists, OCSP responses; and of a timestamp token."""

    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)
    timestamp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Dss:
    """A store. `vri` maps a signature's key (`vri_key`) to what belongs to it; all of that is in the
    store's own lists as well when it is written. `timestamp` is for entries of `vri` only.
    """

    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)
    vri: Mapping[str, Evidence] = field(default_factory=dict, repr=False)

    def timestamp_of(self, contents: bytes) -> bytes | None:
        """The timestamp token kept for the signature with these `/Contents`, with or without padding."""
        for octets in (contents, contents.rstrip(b"\x00")):
            entry = self.vri.get(vri_key(octets))
            if entry is not None and entry.timestamp is not None:
                return entry.timestamp
        return None


def vri_key(contents: bytes) -> str:
    """Upper-case hexadecimal SHA-1 of a signature's whole `/Contents`, padding included.

    A name, no safeguard. ISO 32000-2, table 262; what pyHanko and the European DSS write.
    """
    return hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper()


# -- reading -------------------------------------------------------------------------------


def read_dss(document: Document) -> Dss:
    """What the newest revision holds. `limit_exceeded` for a store beyond the bounds."""
    store = document.dictionary(document.catalog.get("DSS")) or Dictionary()
    reader = _Reader(document)
    lists = {name: reader.streams(store.get(key)) for key, _, name in _KINDS}
    vri: dict[str, Evidence] = {}
    for key, value in (document.dictionary(store.get("VRI")) or Dictionary()).items():
        entry = document.dictionary(value)
        if entry is None or key == "Type":
            continue
        own = {name: reader.streams(entry.get(part)) for _, part, name in _KINDS}
        vri[key.upper()] = Evidence(**own, timestamp=reader.stream(entry.get("TS")))
    return Dss(**lists, vri=vri)


class _Reader:
    """Reads each stream once, within the bounds of a store."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._known: dict[Ref, bytes | None] = {}
        self._left = document.limits.store_bytes

    def streams(self, value: Value) -> tuple[bytes, ...]:
        items = self._document.array(value) or []
        self._document.work.spend(len(items))
        if len(items) > self._document.limits.store_streams:
            raise self._document.limits.exceeded("store_streams", "the security store lists too many streams")
        return tuple(dict.fromkeys(data for item in items if (data := self.stream(item)) is not None))

    def stream(self, value: Value) -> bytes | None:
        if not isinstance(value, Ref):
            return None
        if value not in self._known:
            if len(self._known) >= self._document.limits.store_streams:
                raise self._document.limits.exceeded(
                    "store_streams", "the security store has too many streams"
                )
            self._known[value] = self._load(value)
        return self._known[value]

    def _load(self, ref: Ref) -> bytes | None:
        entry = self._document.entry(ref.number)
        if not isinstance(entry, InUse) or entry.generation != ref.generation:
            return None
        try:
            limit = self._document.limits.store_stream_bytes
            dictionary, raw = self._document.stream_data(ref.number, entry, limit=limit)
            data = decode(
                raw,
                dictionary,
                where=f"stream {ref.number}",
                work=self._document.work,
                limit=limit,
            )
        except DocumentError:
            return None
        self._left -= len(data)
        if self._left < 0:
            raise self._document.limits.exceeded("store_bytes", "the security store is too large")
        return data


# -- writing -------------------------------------------------------------------------------


def write_dss(revision: Revision, added: Dss) -> bool:
    """Add to the document's store in this revision; False if it holds all of that already.

    Streams that are there already are shared. Entries of other signatures stay as they are.
    """
    document = revision.document
    old_value = document.catalog.get("DSS")
    old = document.dictionary(old_value) or Dictionary()
    writer = _Writer(revision, old)
    lists: dict[str, list[Value]] = {}
    for key, _, name in _KINDS:
        wanted = [*getattr(added, name), *(d for one in added.vri.values() for d in getattr(one, name))]
        lists[key] = writer.extend(document.array(old.get(key)) or [], wanted)
    entries = Dictionary(document.dictionary(old.get("VRI")) or Dictionary())
    before = dict(entries)
    for key, evidence in added.vri.items():
        entries[key] = writer.entry(document.dictionary(entries.get(key)), entries.get(key), evidence)
    if entries == before and all(
        items == (document.array(old.get(key)) or []) for key, items in lists.items()
    ):
        return False
    store = Dictionary({**old, "Type": Name("DSS")})
    store |= {key: items for key, items in lists.items() if items}
    if entries:
        store["VRI"] = entries
    if isinstance(old_value, Ref) and old:
        revision.put(old_value, store)
        return True
    catalog = Dictionary({**document.catalog, "DSS": revision.add(store)})
    catalog["Extensions"] = _extensions(document)
    revision.put(document.root, catalog)
    return True


def _extensions(document: Document) -> Dictionary:
    """ETSI's developer extension, which a PDF 1.7 with a store declares (ETSI EN 319 142-1, annex A)."""
    extensions = Dictionary(document.dictionary(document.catalog.get("Extensions")) or Dictionary())
    if "ESIC" not in extensions:
        extensions["ESIC"] = Dictionary({"BaseVersion": Name("1.7"), "ExtensionLevel": 5})
    return extensions


class _Writer:
    """Writes streams that are not in the store yet, each once."""

    def __init__(self, revision: Revision, old: Dictionary) -> None:
        self._revision = revision
        self._refs: dict[bytes, Ref] = {}
        document, reader = revision.document, _Reader(revision.document)
        for key, _, _ in _KINDS:
            for item in document.array(old.get(key)) or []:
                data = reader.stream(item)
                if data is not None and isinstance(item, Ref):
                    self._refs.setdefault(data, item)
        for value in (document.dictionary(old.get("VRI")) or Dictionary()).values():
            token = (document.dictionary(value) or Dictionary()).get("TS")
            data = reader.stream(token)
            if data is not None and isinstance(token, Ref):
                self._refs.setdefault(data, token)

    def ref(self, data: bytes) -> Ref:
        if data not in self._refs:
            self._refs[data] = self._revision.add_stream(Dictionary(), data)
        return self._refs[data]

    def extend(self, existing: list[Value], wanted: Iterable[bytes]) -> list[Value]:
        """The references of a list, and those of the wanted streams that it lacks."""
        return list(dict.fromkeys([*_refs_in(existing), *map(self.ref, wanted)]))

    def entry(self, old: Dictionary | None, old_value: Value, evidence: Evidence) -> Value:
        """A VRI entry: the one that stands there if it holds all of the evidence, else a new object."""
        entry = Dictionary({**(old or {}), "Type": Name("VRI")})
        for _, part, name in _KINDS:
            existing = self._revision.document.array(entry.get(part)) or []
            if items := self.extend(existing, getattr(evidence, name)):
                entry[part] = items
        if evidence.timestamp is not None:
            entry["TS"] = self.ref(evidence.timestamp)
        return old_value if entry == old else self._revision.add(entry)


def _refs_in(items: list[Value]) -> list[Value]:
    return [item for item in items if isinstance(item, Ref)]

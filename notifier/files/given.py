"""Roster files handed in from elsewhere: sorted by what they are, packed, laid out for an import."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile

from notifier.files.findings import BadValue, Findings
from notifier.files.roster import ROTAS, TABLES, table_named
from notifier.files.settings import SETTINGS_FILES

MOST_BYTES = 5 * 1024 * 1024
"""Of all files together: 60,000 people are 3 MB of CSV."""
MOST_LINES = 200_000
"""Of one file: with every line wrong, that many findings have to be kept in memory."""

_TABLE, _BOOK = ".csv", ".xlsx"
_ODD = re.compile(r"[^\w .()（）\-]")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file, under the name that it had where it came from."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One spreadsheet, or tables and rotas under the names that an import knows them by."""

    files: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, given: Sequence[Given]) -> "Parcel":
        """Sort what was given. Raises FileRefused with everything that cannot be taken."""
        findings, files = Findings(), dict[str, bytes]()
        for one in given:
            _take(one, files, findings)
        if any(name.endswith(_BOOK) for name in files) and len(files) > 1:
            mend = "hand in the spreadsheet alone, or CSV files only"
            findings.add(", ".join(sorted(files)), 0, "", BadValue("a spreadsheet came beside others", mend))
        if (size := sum(map(len, files.values()))) > MOST_BYTES:
            problem = f"the files have {size / 2**20:.1f} MB together, the most is {MOST_BYTES // 2**20} MB"
            mend = "hand them in one after the other, or use `notifier import`"
            findings.add(", ".join(sorted(files)), 0, "", BadValue(problem, mend))
        findings.refuse_if_any()
        return cls(files=files)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Parcel":
        """Back from ``packed``."""
        with ZipFile(BytesIO(packed)) as parts:
            return cls(files={name: parts.read(name) for name in parts.namelist()})

    def packed(self) -> bytes:
        """All of it in one piece, to be kept."""
        whole = BytesIO()
        with ZipFile(whole, "w", ZIP_DEFLATED) as parts:
            for name, content in self.files.items():
                parts.writestr(name, content)
        return whole.getvalue()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    @property
    def sha256(self) -> str:
        """Of the one file; of several, of what ``sha256sum`` prints of them in order of their names."""
        sums = {name: sha256(content).hexdigest() for name, content in sorted(self.files.items())}
        if len(sums) == 1:
            return next(iter(sums.values()))
        return sha256("".join(f"{one}  {name}\n" for name, one in sums.items()).encode()).hexdigest()

    def lay_out(self, folder: Path) -> Path:
        """Write it into an empty folder; what of it is to be imported."""
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        books = [name for name in self.files if name.endswith(_BOOK)]
        return folder / books[0] if books else folder


def _take(given: Given, files: dict[str, bytes], findings: Findings) -> None:
    name = _plain(given.name)
    try:
        target = _target(name, given.content)
        if target in files:
            raise BadValue(f"there is another file for {target}", "hand in one of them")
        files[target] = given.content
    except BadValue as bad:
        findings.add(name, 0, "", bad)


def _target(name: str, content: bytes) -> str:
    """The name under which an import takes it. Raises BadValue."""
    path = PurePosixPath(name)
    if name in SETTINGS_FILES:
        raise BadValue("rules are not taken in on this page", "use `notifier import` or `notifier reload`")
    if not content:
        raise BadValue("the file is empty", "an absent file changes nothing; leave it out")
    if path.suffix.lower() == _BOOK:
        return path.stem + _BOOK
    if name.lower() == ROTAS:
        return ROTAS
    table = table_named(path.stem) if path.suffix.lower() == _TABLE else None
    if table is None:
        names = ", ".join(f"{table}{_TABLE}" for table in TABLES)
        raise BadValue("its name says no table", f"name it one of {names}, {ROTAS}, or hand in one .xlsx")
    if content.count(b"\n") > MOST_LINES:
        raise BadValue(f"the file has more than {MOST_LINES} lines", "leave out what is no row of the table")
    return table + _TABLE


def _plain(name: str) -> str:
    """The last part of a name, such that it is no path and fits into one."""
    last = _ODD.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, suffix = last.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}.{suffix[:5]}" if dot and stem else last[:_LONGEST_NAME] or "_"

"""Ids that must not come twice."""

from __future__ import annotations

import sqlite3

from imdbsent.errors import OutputFailed


class SeenIds:
    """The ids that have come, and where: exact, and in bounded memory however many they are.

    They are in a table that SQLite keeps in a temporary file of its own, 4 millionths of a second an id; a set of a
    million ids would take a hundred megabytes.
    """

    def __init__(self) -> None:
        # Predictions may be drawn from another thread than the one that opened the files; never from two at once.
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def add(self, identifier: str, place: str) -> str | None:
        """Add an id.

        Args:
            identifier: the id.
            place: where it stands.

        Returns:
            Where it stood before; None where it is new.

        Raises:
            OutputFailed: there is no space for the temporary file.
        """
        try:
            self._table.execute("INSERT INTO seen VALUES (?, ?)", (identifier, place))
        except sqlite3.IntegrityError:
            (first,) = self._table.execute("SELECT place FROM seen WHERE id = ?", (identifier,)).fetchone()
            return str(first)
        except sqlite3.Error as error:
            raise OutputFailed(f"the temporary table of ids: {error}") from error
        return None

    def close(self) -> None:
        """Drop the table."""
        self._table.close()

"""A table as a spreadsheet. Texts are texts, whatever they begin with; hidden cells say [c]."""

from __future__ import annotations

import datetime
import io

import xlsxwriter

from disclosure_control import present
from disclosure_control.tables import Protected
from tre.rendering import grid

MADE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
"""The same file for the same table: it does not tell when it was written."""

LEGEND = (
    f"{present.CONFIDENTIAL} is hidden to protect people, and is not zero;"
    f" {present.NOT_APPLICABLE} does not exist."
)


def render(table: Protected, *, title: str) -> bytes:
    held = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(held, {**plain, "strings_to_numbers": False})
    book.set_properties({"title": title[:200], "created": MADE})
    _table(book, table)
    about = book.add_worksheet("About")
    for row, text in enumerate((title, table.record.claim, LEGEND)):
        about.write_string(row, 0, text)
    book.close()
    return held.getvalue()


def _table(book: xlsxwriter.Workbook, table: Protected) -> None:
    sheet, bold = book.add_worksheet("Table"), book.add_format({"bold": True})
    names, found = grid.dimension_names(table), list(grid.columns(table))
    for place, text in enumerate([*names, *(column.title for column in found)]):
        sheet.write_string(0, place, text, bold)
    sheet.freeze_panes(1, len(names))
    for row, key in enumerate(grid.labels(table)):
        for place, text in enumerate(key):
            sheet.write_string(row + 1, place, text)
        for place, column in enumerate(found, start=len(names)):
            value = column.values[row]
            if value is not None:
                sheet.write_number(row + 1, place, float(value))
            else:
                hidden = row in column.hidden
                sheet.write_string(
                    row + 1, place, present.CONFIDENTIAL if hidden else present.NOT_APPLICABLE
                )

"""Writing tables so that the same rows always give the same bytes.

CSV is written by hand (quotes only where needed); the .xlsx is stored, not
deflated, because compressors differ between machines, and its parts carry one
fixed date.
"""
import datetime
import io
import zipfile
from xml.sax.saxutils import escape

FIXED = (2026, 11, 20, 0, 0, 0)


def cell(value):
    text = "" if value is None else str(value)
    if any(c in text for c in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_bytes(header, rows, encoding="utf-8", end="\n", bom=False):
    lines = [",".join(cell(v) for v in row) for row in [header, *rows]]
    data = (end.join(lines) + end).encode(encoding)
    return b"\xef\xbb\xbf" + data if bom else data


def _column(index):
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _serial(day):
    """Days since 1899-12-30, the 1900 date system."""
    return (day - datetime.date(1899, 12, 30)).days


def xlsx_bytes(sheet_name, header, rows):
    """Strings are shared, datetime.date becomes a styled serial, numbers stay numbers."""
    shared, order = {}, []

    def string(text):
        if text not in shared:
            shared[text] = len(order)
            order.append(text)
        return shared[text]

    body = []
    for r, row in enumerate([header, *rows], 1):
        cells = []
        for c, value in enumerate(row):
            ref = f"{_column(c)}{r}"
            if value is None or value == "":
                continue
            if isinstance(value, datetime.date):
                cells.append(f'<c r="{ref}" s="1"><v>{_serial(value)}</v></c>')
            elif isinstance(value, (int, float)):
                cells.append(f'<c r="{ref}"><v>{value}</v></c>')
            else:
                cells.append(f'<c r="{ref}" t="s"><v>{string(value)}</v></c>')
        body.append(f'<row r="{r}">{"".join(cells)}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [
        ("[Content_Types].xml",
         f'<Types xmlns="{package}/content-types">'
         '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="xml" ContentType="application/xml"/>'
         f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
         f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
         f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
         f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>'),
        ("_rels/.rels",
         f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
         f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml",
         f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="{escape(sheet_name)}" '
         'sheetId="1" r:id="rId1"/></sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels",
         f'<Relationships xmlns="{package}/relationships">'
         f'<Relationship Id="rId1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'
         f'<Relationship Id="rId2" Type="{rel}/styles" Target="styles.xml"/>'
         f'<Relationship Id="rId3" Type="{rel}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'),
        ("xl/styles.xml",
         f'<styleSheet xmlns="{main}"><fonts count="1"><font/></fonts><fills count="2"><fill/>'
         '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
         '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/>'
         '<xf numFmtId="14" applyNumberFormat="1" xfId="0"/></cellXfs></styleSheet>'),
        ("xl/worksheets/sheet1.xml",
         f'<worksheet xmlns="{main}"><sheetData>{"".join(body)}</sheetData></worksheet>'),
        ("xl/sharedStrings.xml",
         f'<sst xmlns="{main}" uniqueCount="{len(order)}">'
         + "".join(f"<si><t>{escape(t)}</t></si>" for t in order) + "</sst>"),
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as book:
        for name, text in parts:
            info = zipfile.ZipInfo(name, FIXED)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            book.writestr(info, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
    return out.getvalue()

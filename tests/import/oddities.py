# SPDX-License-Identifier: MIT
"""Odder files than those of strangers.py, in the same form: headings over two rows, figures shown with noughts, loose
quotes, other ends of lines, strange containers. want["error"] is a part of the message when a file must be refused."""
import base64
import io
import pathlib
import quopri
import struct
import zipfile

from strangers import CASES, Date, DE, DE_WANT, LT, LT_WANT, RU, RU_WANT, case, csv, xlsx

# ---- character sets, separators, ends of lines ----
RU_PLAIN = [[v and v.replace("«", '"').replace("»", '"') for v in r] for r in RU]
PLAIN_WANT = {**RU_WANT, "firms": sorted({r[3] for r in RU_PLAIN[1:]})}
TITLE = [["Список клиентов"], ["по состоянию на 01.02.2026"], ["Исп. Петрова, тел. 8 (495) 999-88-77"], []]
case("koi8-r, tabs, heading in row 5", "k.txt", csv(TITLE + RU_PLAIN, sep="\t", charset="koi8-r"), **PLAIN_WANT)
case("cp1251, bars, heading in row 5", "k.csv", csv(TITLE + RU_PLAIN, sep="|", charset="cp1251"), **PLAIN_WANT)
case("utf-16be with mark", "k.csv", csv(LT, charset="utf-16-be", bom=True, sep="\t"), **LT_WANT)
case("utf-16be without mark", "k.csv", csv(RU, charset="utf-16-be"), **RU_WANT)
case("cp1257, bars", "k.csv", csv(LT, charset="cp1257", sep="|"), **LT_WANT)
case("a mac's ends of lines", "k.csv", csv(DE, charset="cp1252", end="\r"), **DE_WANT)
case("sep= above", "k.csv", b"sep=;\r\n" + csv(DE, charset="cp1252"), **DE_WANT)
case("loose quotes", "k.csv", "\r\n".join(";".join(v or "" for v in r) for r in RU_PLAIN).encode("cp1251"), **PLAIN_WANT)
case("rows of separators", "k.csv", csv([r + ["", "", ""] for r in DE] + [[""] * 8] * 5), **{**DE_WANT, "rows": 8, "empty": 5})
case("ragged rows", "k.csv", csv([DE[0]] + [r + ["x"] for r in DE[1:3]] + [DE[3]]), **DE_WANT)
case("quoted lines", "k.csv", csv([["Firma", "Ansprechpartner", "Telefon", "Notiz"],
                                   ["Nord; Bau\nKG", "Anna Eins", "0171 1111111\n0171 2222222", "erste Zeile\n\nsagte: \"nie\"; dann doch"]]),
     country="DE", rows=1, new=1, companies=1, people={"Anna Eins": ["+491711111111", "+491712222222"]})
case("utf-8 with a torn letter", "k.csv", csv(RU) + "Орлов Илья;89123456780;;ООО Бет".encode() + b"\xd0\r\n", country="RU", rows=4, new=4)

# ---- headings ----
case("two rows of headings", "k.xlsx", xlsx({"K": [["Клиент", "Контакты", None, "Адрес", None], [None, "телефон", "почта", "город", "улица"],
                                                   ["Иванов Пётр Сергеевич", "8 912 345-67-89", "ip@x.example", "Пермь", "ул. Мира 1"],
                                                   ["Орлова Анна Ильинична", "8 912 345-67-80", "oa@x.example", "Омск", "ул. Лесная 2"]]},
                                            merges={"K": ["A1:A2", "B1:C1", "D1:E1"]}),
     country="RU", rows=2, new=2, people={"Иванов Пётр Сергеевич": "+79123456789", "Орлова Анна Ильинична": "+79123456780"}, mails=["ip@x.example", "oa@x.example"], no_fields=True)
case("groups of headings above", "k.xlsx", xlsx({"K": [["Ansprechpartner", None, None, "Firma", None], ["Vorname", "Nachname", "Telefon", "Name", "Ort"],
                                                       ["Anna", "Eins", "0171 1111111", "Eins GmbH", "Köln"], ["Berta", "Zwei", "0171 2222222", "Zwei AG", "Bonn"]]},
                                                merges={"K": ["A1:C1", "D1:E1"]}),
     country="DE", rows=2, new=2, companies=2, people={"Anna Eins": "+491711111111", "Berta Zwei": "+491712222222"}, firms=["Eins GmbH", "Zwei AG"])
case("headings with signs", "k.xlsx", xlsx([["Ф.И.О. *", "Моб.\nтелефон:", "Эл. почта (E-mail)", "Наименование\nорганизации", "№ п/п"],
                                           ["Иванов Пётр", "89123456789", "ip@x.example", "ООО Альфа", 1], ["Орлов Илья", "89123456780", "oi@x.example", "ООО Бета", 2]]),
     country="RU", rows=2, new=2, companies=2, people={"Иванов Пётр": "+79123456789", "Орлов Илья": "+79123456780"}, firms=["ООО Альфа", "ООО Бета"], mails=["ip@x.example", "oi@x.example"])
case("ru odd headings", "k.csv", csv([["Наименование контрагента", "Конт. лицо", "Конт. телефон", "Эл. адрес", "ИНН/КПП", "Юр. адрес", "Тел./факс"],
                                      ["ООО Альфа", "Иванов Пётр Сергеевич", "89123456789", "ip@alfa.example", "7707083893/773601001", "Москва, ул. Мира 1", "8 (495) 111-22-33"],
                                      ["АО Бета", "Орлова Анна Ильинична", "89123456780", "oa@beta.example", "7728168971 / 772801001", "Москва, ул. Лесная 2", ""]], charset="cp1251"),
     country="RU", rows=2, new=2, companies=2, firms=["ООО Альфа", "АО Бета"], taxes=["7707083893", "7728168971"], kpps=["772801001", "773601001"],
     mails=["ip@alfa.example", "oa@beta.example"], people={"Иванов Пётр Сергеевич": ["+79123456789", "+74951112233"], "Орлова Анна Ильинична": "+79123456780"})
case("lt odd headings", "k.csv", csv([["Kliento pavadinimas", "Kontaktinis asmuo", "Tel. nr.", "El. p.", "Įm. kodas", "Adresas"],
                                      ["UAB Medis", "Ona Kazlauskienė", "8-611-22233", "ona@medis.example", "302345678", "Gedimino pr. 1, Vilnius"],
                                      ["MB Stogas", "Jonas Petraitis", "8 (698) 12345", "jonas@stogas.example", "305555555", "Šiauliai"]], charset="cp1257"),
     country="LT", rows=2, new=2, companies=2, people={"Ona Kazlauskienė": "+37061122233", "Jonas Petraitis": "+37069812345"}, firms=["MB Stogas", "UAB Medis"], mails=["jonas@stogas.example", "ona@medis.example"])
case("de odd headings", "k.csv", csv([["Kd.-Nr.", "Firmenbezeichnung", "Ansprechp.", "Tel.-Nr.", "Mailadr.", "Straße u. Hausnr.", "PLZ/Ort", "Geb.-Datum"],
                                      ["1001", "Nord KG", "Anna Eins", "0171/1111111", "anna@nord.example", "Weg 1", "20095 Hamburg", "01.10.71"],
                                      ["1002", "Süd AG", "Berta Zwei", "0171/2222222", "berta@sued.example", "Weg 2", "80331 München", "2.10.71"]], charset="cp1252"),
     country="DE", rows=2, new=2, companies=2, people={"Anna Eins": "+491711111111", "Berta Zwei": "+491712222222"}, firms=["Nord KG", "Süd AG"], zips=["20095", "80331"],
     mails=["anna@nord.example", "berta@sued.example"], birthdays=["1971-10-01", "1971-10-02"])
case("en odd headings", "k.csv", csv([["Surname", "Given name(s)", "Org.", "Cell #", "Email addr.", "DOB", "Post code"],
                                      ["Smith", "John", "Acme Ltd", "+44 7911 123456", "john@acme.example", "1971-10-01", "EC1A 1BB"],
                                      ["Jones", "Mary", "Bell Inc", "+44 7911 123457", "mary@bell.example", "", "LS1 1AA"]], sep="\t"),
     country="DE", rows=2, new=2, companies=2, people={"John Smith": "+447911123456", "Mary Jones": "+447911123457"}, firms=["Acme Ltd", "Bell Inc"], birthdays=["1971-10-01"], zips=["EC1A 1BB", "LS1 1AA"])
case("one heading thrice", "k.csv", csv([["ФИО", "Телефон", "Телефон", "Телефон", "E-mail", "E-mail"], ["Иванов Пётр", "89123456789", "84951112233", "", "a@x.example", "b@x.example"]]),
     country="RU", rows=1, new=1, people={"Иванов Пётр": ["+74951112233", "+79123456789"]}, mails=["a@x.example", "b@x.example"])
case("headings alone", "k.csv", csv([DE[0]]), country="DE", rows=0, new=0, people={})

case("a middle name", "k.csv", csv([["First Name", "Middle Name", "Last Name", "Mobile Phone"], ["John", "Quincy", "Adams", "+44 7911 123456"], ["Иван", "Ильич", "Котов", "+79161234567"]], sep=","),
     country="DE", rows=2, new=2, people={"John Quincy Adams": "+447911123456", "Котов Иван Ильич": "+79161234567"})

# ---- cells ----
case("dates of all countries", "k.csv", csv([["ФИО", "Телефон", "Дата рождения"]] + [[f"Иванов Пётр{c}", f"8912345678{i}", d] for i, (c, d) in enumerate(zip("абвгдежзик", [
    "01.10.1971", "1.10.71", "1 октября 1971 г.", "1971-10-01", "01/10/1971", "1971.10.01", "01-10-1971", "01 окт 1971", "1.10.1971 0:00:00", "26207"]))]),
     country="RU", rows=10, new=10, birthdays=["1971-10-01"] * 10)
case("lt dates", "k.csv", csv([["Vardas, pavardė", "Tel.", "Gimimo data"], ["Ona Eglė", "861122233", "1971-10-01"], ["Ieva Upė", "861122234", "1971 m. spalio 1 d."], ["Jonas Ąžuolas", "861122235", "1971.10.01"],
                               ["Petras Beržas", "861122236", "1971 10 01"]]), country="LT", rows=4, new=4, birthdays=["1971-10-01"] * 4)
case("dates of 1904 beside texts", "k.xlsx", xlsx([["Name", "Telefon", "Geburtstag"], ["Anna Eins", "0171 1111111", Date(24745)], ["Berta Zwei", "0171 2222222", "01.10.1971"], ["Carl Drei", "0171 3333333", "1. Okt. 1971"]], is_1904=True),
     country="DE", rows=3, new=3, birthdays=["1971-10-01"] * 3)
case("extensions and lists of numbers", "k.xlsx", xlsx([["Имя", "Телефоны"], ["Котова Нина", "8 (495) 123-45-67 вн. 5"], ["Волков Ян", "8-916-777-88-99\n8 (495) 111-22-33 доб.12"], ["Белов Юрий", "+7(916)1112233/+7(916)1112244"],
                                                        ["Чернов Олег", "т. 8 495 222-33-44; м. 8 916 222-33-44"], ["Серов Иван", "(495) 765-43-21/22"], ["Рыжов Пётр", "8 916 333 44 55 8 916 333 44 66"]]),
     country="RU", rows=6, new=6, people={"Котова Нина": "+74951234567", "Волков Ян": ["+79167778899", "+74951112233"], "Белов Юрий": ["+79161112233", "+79161112244"],
                                          "Чернов Олег": ["+74952223344", "+79162223344"], "Серов Иван": ["+74957654321", "+74957654322"], "Рыжов Пётр": ["+79163334455", "+79163334466"]}, problems=0)
case("strange blanks and dashes", "k.csv", csv([["Name", "Telefon", "E-Mail"], ["Anna\u00a0Eins", "+49\u00a0171\u20131111111", " anna@eins.example\u200b"], ["Berta  Zwei", "\u202a+491712222222\u202c", "<berta@zwei.example>"], ["\ufeffCarl Drei", "0171\u20113333333", "mailto:carl@drei.example"]]),
     country="DE", rows=3, new=3, people={"Anna Eins": "+491711111111", "Berta Zwei": "+491712222222", "Carl Drei": "+491713333333"}, mails=["anna@eins.example", "berta@zwei.example", "carl@drei.example"], problems=0)
case("an inn's lost nought in csv", "k.csv", csv([["Организация", "ИНН", "КПП", "Телефон"], ["ООО Адыг", "105000008", "10501001", "88772123456"], ["ИП Хакуринов", "10500000880", "", ""], ["ООО Целый", "7728168971", "772801001", ""]], charset="cp1251"),
     country="RU", rows=3, new=3, firms=["ООО Адыг", "ИП Хакуринов", "ООО Целый"], taxes=["0105000008", "7728168971"])
case("firms and people mixed", "k.csv", csv([["Клиент", "Контактное лицо", "Телефон"], ["ООО Альфа", "", "84951112233"], ["", "Иванов Пётр Сергеевич", "89123456789"], ["ООО Бета", "Орлова Анна Ильинична", "89123456780"], ["Кузнецов Олег Иванович", "", "89123456781"]]),
     country="RU", rows=4, new=4, firms=["ООО Альфа", "ООО Бета"], people={"Иванов Пётр Сергеевич": "+79123456789", "Орлова Анна Ильинична": "+79123456780", "Кузнецов Олег Иванович": "+79123456781"})
case("customers of both kinds", "k.csv", csv([["Kunde", "Telefon", "Ort"], ["Nord GmbH & Co. KG", "040 1234567", "Hamburg"], ["Anna Eins", "0171 1111111", "Köln"], ["Praxis Dr. Weber", "0221 55501230", "Köln"], ["Berta Zwei", "0171 2222222", "Bonn"]]),
     country="DE", rows=4, new=4)
case("histories in three languages", "k.csv", csv([["Name", "Telefon", "Verlauf"], ["Anna Eins", "0171 1111111", "12.03.2020 Anruf, will Angebot (Maria)\n1.4.20: Angebot geschickt"], ["Berta Zwei", "0171 2222222", "2021-05-06 - Besuch im Büro; 07.06.2021 skambino, perskambins (Jonas)"]]),
     country="DE", rows=2, new=2, interactions=4)
case("amounts in all ways", "k.csv", csv([["ФИО", "Телефон", "Сумма"], ["Иванов Пётр", "89123456789", "1 234,50 ₽"], ["Орлов Илья", "89123456780", "1\u00a0000 руб."], ["Котов Ян", "89123456781", "-34.5"], ["Итого", "", "2 200,00"]], charset="utf-8"),
     country="RU", rows=4, new=3, empty=1, sums=["2200.00"], problems=0)

# ---- workbooks ----
def openpyxl_like(shared, rows_xml, extra=None, content="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", styles=""):
    """As Excel itself writes: shared strings, absolute paths, a style for each format."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {"[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="{content}"/></Types>',
             "_rels/.rels": f'<Relationships xmlns="x"><Relationship Id="r" Type="{rel}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
             "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="K" sheetId="1" r:id="s1"/></sheets></workbook>',
             "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="x"><Relationship Id="s1" Type="{rel}/worksheet" Target="/xl/worksheets/sheet1.xml"/>'
             f'<Relationship Id="st" Type="{rel}/styles" Target="/xl/styles.xml"/><Relationship Id="sh" Type="{rel}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
             "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles or "<cellXfs><xf numFmtId=%s0%s/></cellXfs>" % (chr(34), chr(34))}</styleSheet>',
             "xl/sharedStrings.xml": f'<sst xmlns="{main}">{shared}</sst>',
             "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows_xml}</sheetData></worksheet>', **(extra or {})}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


RICH = "<si><t>Name</t></si><si><t>Telefon</t></si><si><r><t>Anna </t></r><r><rPr><b/></rPr><t>Eins</t></r><rPh sb=\"0\" eb=\"1\"><t>xx</t></rPh></si><si><t>PLZ</t></si><si><t xml:space=\"preserve\">Berta_x000D_\nZwei </t></si>"
ZIP_STYLES = '<numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
case("rich texts without places", "k.xlsx", openpyxl_like(RICH, '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c><v>1711111111</v></c></row>'),
     country="DE", rows=1, new=1, people={"Anna Eins": "+491711111111"})
case("noughts that the format shows", "k.xlsx", openpyxl_like(RICH, '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>3</v></c></row>'
                                                            '<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2"><v>1711111111</v></c><c r="C2" s="1"><v>1067</v></c></row>', styles=ZIP_STYLES),
     country="LT", rows=1, new=1, zips=["01067"])
case("a workbook with macros", "k.xlsm", openpyxl_like(RICH, '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c><v>1711111111</v></c></row>',
                                                      extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 50}, content="application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
     country="DE", rows=1, new=1, people={"Anna Eins": "+491711111111"})
case("a title page before", "k.xlsx", xlsx({"Titel": [["Kundenliste"], ["Nur für den Dienstgebrauch"]], "leer": [], "Kunden": DE}), **DE_WANT)
case("hidden sheets with more", "k.xlsx", xlsx({"Kunden": DE, "Alt": [DE[0]] + [[f"Alt {c}", f"Alt{c} GmbH", "", "", ""] for c in "abcdefgh"]}, hidden=("Alt",)), **DE_WANT)

# ---- cards ----
def qp(s, charset="utf-8"):
    return quopri.encodestring(s.encode(charset), quotetabs=False).decode().replace("=\n", "=\r\n").replace("\n", "\r\n").replace("\r\r", "\r").replace(";", "=3B")


PHOTO = base64.b64encode(bytes(range(256)) * 20).decode()
PHOTO21 = "\r\n ".join(PHOTO[i:i + 70] for i in range(0, len(PHOTO), 70))
CARDS = ["BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + ";".join(qp(s) for s in ("Иванов", "Пётр", "Сергеевич")) + ";;",
         "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + qp("Иванов Пётр Сергеевич"), "TEL;CELL;PREF:8-912-345-67-89", "TEL;WORK;VOICE:+7 (495) 111-22-33 доб. 12",
         "ORG;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + qp("ООО «Очень длинное имя фирмы, которое не войдёт в одну строку»"), "EMAIL;INTERNET:ivanov@x.example", "PHOTO;ENCODING=BASE64;JPEG:" + PHOTO21, "", "END:VCARD",
         "BEGIN:VCARD", "VERSION:3.0", "N:Орлова;Анна;Ильинична;;", "FN:Анна Ильинична Орлова", "ORG:АО Бета;Отдел продаж", "TEL;TYPE=cell,voice:+7 912 345-67-80", "EMAIL;TYPE=INTERNET,WORK:oa@x.example",
         "ADR;TYPE=WORK:;;ул. Мира\\, 1;Пермь;;614000;Россия", "NOTE:Звонить\\nпосле обеда\\; не раньше", "BDAY:19711001", "END:VCARD",
         "BEGIN:VCARD", "VERSION:4.0", "FN:Jörg Müller", "N:Müller;Jörg;;;", "TEL;VALUE=uri;TYPE=\"voice,work\":tel:+49-221-55501230;ext=12", "TEL;VALUE=uri;TYPE=cell:tel:+491711234567", "EMAIL:j.mueller@x.example", "BDAY:--1001",
         "ORG:Elektro Müller GmbH", "END:VCARD"]
case("cards of three versions", "k.vcf", ("\r\n".join(CARDS) + "\r\n").encode(), country="RU", rows=3, new=3, companies=3, mails=["ivanov@x.example", "j.mueller@x.example", "oa@x.example"], birthdays=["1971-10-01"], zips=["614000"],
     people={"Иванов Пётр Сергеевич": ["+74951112233", "+79123456789"], "Анна Ильинична Орлова": "+79123456780", "Jörg Müller": ["+491711234567", "+4922155501230"]},
     firms=["ООО «Очень длинное имя фирмы, которое не войдёт в одну строку»", "АО Бета", "Elektro Müller GmbH"])
case("a card in cp1251", "k.vcf", ("\n".join(["BEGIN:VCARD", "VERSION:2.1", "N;CHARSET=WINDOWS-1251;ENCODING=QUOTED-PRINTABLE:" + ";".join(qp(s, "cp1251") for s in ("Белов", "Юрий")), "TEL;CELL:89123456789", "END:VCARD"]) + "\n").encode(),
     country="RU", rows=1, new=1, people={"Белов Юрий": "+79123456789"})
case("a card with a number alone", "k.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nTEL:0171 1111111\r\nEND:VCARD\r\n", country="DE", rows=1, new=1, people={"0171 1111111": "+491711111111"})
case("a card of a firm", "k.vcf", "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "N:;;;;", "FN:Nord KG", "ORG:Nord KG", "X-ABShowAs:COMPANY", "TEL;TYPE=WORK:040 1234567", "END:VCARD", ""]).encode(), country="DE", rows=1, new=1, people={}, firms=["Nord KG"])

# ---- what is refused, and how ----
def ole(stream):
    """The head of an old compound file with one entry of that name."""
    name = stream.encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 478 + name + b"\0" * (64 - len(name)) + b"\0" * 960


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


WHOLE = xlsx(DE)
case("an old workbook", "k.xls", ole("Workbook"), country="DE", error="xlsx")
case("a locked workbook", "k.xlsx", ole("EncryptedPackage"), country="DE", error="password")
case("a page called workbook", "k.xls", b"<html><body><table><tr><td>Name</td><td>Telefon</td></tr><tr><td>Anna Eins</td><td>0171 1111111</td></tr></table></body></html>", country="DE", error="web page")
case("an open document", "k.ods", zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<office:document-content/>"}), country="DE", error="ods")
case("a torn workbook", "k.xlsx", WHOLE[:len(WHOLE) // 2], country="DE", error="")
case("a workbook without a sheet", "k.xlsx", zipped({"xl/workbook.xml": "<workbook/>"}), country="DE", error="")
case("another zip", "k.xlsx", zipped({"a.txt": "hello"}), country="DE", error="")
case("a bomb", "k.xlsx", openpyxl_like(RICH, '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>' + " " * (600 << 20)), country="DE", error="")
case("a picture", "k.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, country="DE", error="")
case("a pdf", "k.pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", country="DE", error="")
case("a firm that is called like a heading", "k.csv", csv([["Firma", "Branche"], ["Telefonica", "Netz"], ["Dachbau Nord KG", "Dach"], ["Holz Maier", "Holz"]]), country="DE", companies=0, made=3, rows=3, new=3, firms=["Dachbau Nord KG", "Holz Maier", "Telefonica"])
case("a price list", "k.csv", csv([["product", "series", "sales_price"], ["GTX Basic", "GTX", "550"], ["MG Special", "MG", "55"], ["GTK 500", "GTK", "26768"]]), country="DE", error="does not look like people or companies")
case("a description of tables", "k.csv", pathlib.Path("tests/fixtures/crm/data_dictionary.csv").read_bytes(), country="DE", error="does not look like people or companies")
case("nothing", "k.csv", b"", country="DE", error="")
case("nought bytes", "k.csv", csv(DE)[:60] + b"\0" + csv(DE)[60:], **{**DE_WANT, "firms": ["Elektro Müller? GmbH", "Bäckerei Weiß KG"]})
case("a cell of ten million letters", "k.csv", csv([["Name", "Telefon", "Notiz"], ["Anna Eins", "0171 1111111", "x" * 10_000_000]]), country="DE", error="")

# ---- without number and mail (test_strangers.py imports each file twice) ----
BARE = [["Name", "Firma", "Adresse", "Notiz"], ["Anna Eins", "Eins GmbH", "", "x"], ["Anna Eins", "Eins GmbH", "", "y"], ["Anna Eins", "Zwei AG", "", ""],
        ["Berta Zwei", "", "Weg 1, 50667 Köln", ""], ["BERTA ZWEI", "", "Weg 1, 50667 Koeln", "z"], ["Berta Zwei", "", "50667 Köln", ""], ["Carl", "", "", "nur ein Vorname"], ["Carl", "", "", "noch einer"], ["Dora", "", "", ""], ["Dora", "", "", ""]]
case("people without number and mail", "k.csv", csv(BARE), country="DE", rows=10, new=8, joined=2, made=8, companies=2)
case("namesakes told by their birthdays", "k.csv", csv([["Name", "Firma", "Geburtstag"], ["Anna Eins", "Eins GmbH", "1.10.1971"], ["Anna Eins", "Eins GmbH", "2.10.1981"], ["Anna Eins", "Eins GmbH", "1.10.1971"]]),
     country="DE", rows=3, new=2, joined=1, made=2, companies=1)
case("a number in one row alone", "k.csv", csv([["Name", "Firma", "Telefon"], ["Anna Eins", "Eins GmbH", "0171 1111111"], ["Anna Eins", "Eins GmbH", ""]]),
     country="DE", rows=2, new=1, joined=1, made=1, people={"Anna Eins": "+491711111111"})
TWO_ANNAS = [["Name", "Firma", "Telefon"], ["Anna Eins", "Eins GmbH", "0171 1111111"], ["Anna Eins", "Eins GmbH", "0171 2222222"]]
case("which of two namesakes, nothing tells", "k.csv", csv(TWO_ANNAS + [["Anna Eins", "Eins GmbH", ""]] * 3),
     country="DE", rows=5, new=3, joined=2, made=3, companies=1)
case("two namesakes of one house", "k.csv", csv([["Name", "Telefon", "Adresse", "Notiz"], ["Anna Eins", "0171 1111111", "Weg 1, 50667 Köln", ""], ["Anna Eins", "0171 2222222", "Weg 1, 50667 Köln", ""],
     ["Anna Eins", "", "Weg 1, 50667 Köln", "x"], ["Anna Eins", "", "Weg 1, 50667 Köln", "y"]]), country="DE", rows=4, new=3, joined=1, made=3)
case("two namesakes of one house and their firms", "k.csv", csv([["Name", "Firma", "Adresse"], ["Anna Eins", "Eins GmbH", "Weg 1, 50667 Köln"], ["Anna Eins", "Zwei AG", "Weg 1, 50667 Köln"],
     ["Anna Eins", "Zwei AG", "Weg 1, 50667 Köln"], ["Anna Eins", "", "Weg 1, 50667 Köln"]]), country="DE", rows=4, new=3, joined=1, made=3, companies=2)

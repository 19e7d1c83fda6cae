# SPDX-License-Identifier: MIT
"""Files as offices have them, each with what must come of it. All are made here, the same bytes each time: tables with
titles above, headings in four languages, columns in any order, the exports of other programs, numbers as text and text
as numbers. A case is (name, file name, bytes, want); want holds counts of the result and people, firms and phones."""
import io
import zipfile
from xml.sax.saxutils import escape


# ---- files ----
def csv(rows, sep=";", charset="utf-8", bom=False, end="\r\n"):
    def cell(v):
        s = "" if v is None else str(v)
        return '"' + s.replace('"', '""') + '"' if any(c in s for c in (sep, '"', "\n", "\r")) else s
    text = end.join(sep.join(cell(v) for v in r) for r in rows) + end
    return ("\ufeff" * bom + text).encode(charset)


class Date:
    """A serial number of a workbook, shown as a date."""
    def __init__(self, serial):
        self.serial = serial


class Formula:
    """A formula; value None: the file does not remember what it gave."""
    def __init__(self, text, value=None):
        self.text, self.value = text, value


def column(i):
    s = ""
    i += 1
    while i:
        i, r = divmod(i - 1, 26)
        s = chr(65 + r) + s
    return s


def cell_xml(ref, v):
    if v is None or v == "":
        return ""
    if isinstance(v, Date):
        return f'<c r="{ref}" s="1"><v>{v.serial}</v></c>'
    if isinstance(v, Formula):
        if v.value is None:
            return f'<c r="{ref}"><f>{escape(v.text)}</f></c>'
        return f'<c r="{ref}" t="str"><f>{escape(v.text)}</f><v>{escape(str(v.value))}</v></c>'
    if isinstance(v, (int, float)):
        return f'<c r="{ref}"><v>{v}</v></c>'
    return f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{escape(v)}</t></is></c>'


def sheet_xml(rows, merges):
    out = ['<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>']
    for n, r in enumerate(rows, 1):
        cells = "".join(cell_xml(column(i) + str(n), v) for i, v in enumerate(r))
        if cells:
            out.append(f'<row r="{n}">{cells}</row>')
    out.append("</sheetData>")
    if merges:
        out.append("<mergeCells>" + "".join(f'<mergeCell ref="{m}"/>' for m in merges) + "</mergeCells>")
    return "".join(out) + "</worksheet>"


def xlsx(sheets, is_1904=False, merges=None, hidden=()):
    """sheets: {name: rows} or rows."""
    if isinstance(sheets, list):
        sheets = {"Sheet1": sheets}
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = list(sheets)
    parts = {
        "_rels/.rels": f'<Relationships xmlns="x"><Relationship Id="r" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><workbookPr{" date1904=%s1%s" % (chr(34), chr(34)) if is_1904 else ""}/><sheets>'
        + "".join(f'<sheet name="{escape(s)}" sheetId="{i}"{" state=%shidden%s" % (chr(34), chr(34)) if s in hidden else ""} r:id="s{i}"/>'
                  for i, s in enumerate(names, 1)) + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="x">' + "".join(
            f'<Relationship Id="s{i}" Type="{rel}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(names) + 1))
        + f'<Relationship Id="st" Type="{rel}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    for i, s in enumerate(names, 1):
        parts[f"xl/worksheets/sheet{i}.xml"] = sheet_xml(sheets[s], (merges or {}).get(s))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in parts.items():
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


# ---- the cases ----
CASES = []


def case(name, file, data, **want):
    CASES.append((name, file, data, want))


RU = [["ФИО", "Телефон", "E-mail", "Организация"],
      ["Иванов Пётр Сергеевич", "8 (912) 345-67-89", "ivanov@romashka.example", "ООО «Ромашка»"],
      ["Сидорова Анна Ивановна", "+7 916 123-45-67", "sidorova@romashka.example", "ООО «Ромашка»"],
      ["Кузнецов Олег", "8(903)555-12-34", None, "ИП Кузнецов О.А."]]
RU_WANT = dict(country="RU", rows=3, new=3, companies=2,
               people={"Иванов Пётр Сергеевич": "+79123456789", "Сидорова Анна Ивановна": "+79161234567", "Кузнецов Олег": "+79035551234"},
               firms=["ООО «Ромашка»", "ИП Кузнецов О.А."])
DE = [["Name", "Firma", "Telefon", "E-Mail", "Ort"],
      ["Jörg Müller", "Elektro Müller GmbH", "0221 55501230", "j.mueller@elektro.example", "Köln"],
      ["Anna Weiß", "Bäckerei Weiß KG", "+49 (0)89 12345678", "anna@weiss.example", "München"],
      ["Björn Übel", "Bäckerei Weiß KG", "0171/2345678", "bjoern@weiss.example", "München"]]
DE_WANT = dict(country="DE", rows=3, new=3, companies=2,
               people={"Jörg Müller": "+4922155501230", "Anna Weiß": "+498912345678", "Björn Übel": "+491712345678"},
               firms=["Elektro Müller GmbH", "Bäckerei Weiß KG"])
LT = [["Vardas, pavardė", "Įmonė", "Tel.", "El. paštas", "Miestas"],
      ["Rūta Žukauskaitė", "UAB „Baltijos langai“", "8 612 34567", "ruta@langai.example", "Kaunas"],
      ["Jonas Petraitis", "MB Stogas", "+370 698 12345", "jonas@stogas.example", "Šiauliai"]]
LT_WANT = dict(country="LT", rows=2, new=2, companies=2,
               people={"Rūta Žukauskaitė": "+37061234567", "Jonas Petraitis": "+37069812345"},
               firms=["UAB „Baltijos langai“", "MB Stogas"])

for cs in ("utf-8", "cp1251", "koi8-r", "utf-16"):
    RU_ROWS = [[v and v.replace("«", "\"").replace("»", "\"") if cs == "koi8-r" else v for v in r] for r in RU]
    case(f"ru {cs}", "klienty.csv", csv(RU_ROWS, charset=cs), **{**RU_WANT, "firms": sorted({r[3] for r in RU_ROWS[1:]})})
for cs in ("utf-8", "cp1252", "utf-16-le"):
    case(f"de {cs}", "kunden.csv", csv(DE, charset=cs, bom=cs == "utf-16-le"), **DE_WANT)
case("de utf-8 with mark", "kunden.csv", csv(DE, bom=True), **DE_WANT)
for cs in ("utf-8", "cp1257"):
    case(f"lt {cs}", "klientai.csv", csv(LT, charset=cs), **LT_WANT)
case("comma", "kunden.csv", csv(DE, sep=","), **DE_WANT)
case("tab", "kunden.txt", csv(DE, sep="\t", end="\n"), **DE_WANT)
case("bar", "kunden.csv", csv(DE, sep="|"), **DE_WANT)
case("workbook ru", "klienty.xlsx", xlsx(RU), **RU_WANT)
case("workbook de", "kunden.xlsx", xlsx(DE), **DE_WANT)
case("columns turned round", "kunden.xlsx", xlsx([list(reversed(r)) for r in DE]), **DE_WANT)
case("titles above", "kunden.xlsx", xlsx({"K": [["Kundenliste der Firma X"], ["Stand 01.02.2026", None, "Seite 1"], []] + DE},
                                        merges={"K": ["A1:E1"]}), **dict(DE_WANT))
case("titles above in csv", "kunden.csv", csv([["Kundenliste der Firma X", "", "", "", ""], ["Stand 01.02.2026"], []] + DE), **DE_WANT)
case("empty columns before and between", "kunden.xlsx", xlsx([[None, r[0], None] + r[1:] for r in DE]), **DE_WANT)
case("empty rows between", "kunden.xlsx", xlsx([DE[0], [], DE[1], [], [], DE[2], DE[3]]),
     **{**DE_WANT, "rows": 6, "empty": 3})
case("total row", "klienty.xlsx", xlsx([RU[0] + ["Сумма"]] + [r + [1000] for r in RU[1:]] + [["ИТОГО:", None, None, None, 3000]]),
     **{**RU_WANT, "rows": 4, "empty": 1, "sums": ["3000.00"]})
case("subtotals", "kunden.xlsx", xlsx([DE[0] + ["Umsatz"], DE[1] + [10], ["Zwischensumme Köln"] + [None] * 4 + [10], DE[2] + [20], DE[3] + [5.5],
                                       ["Zwischensumme München"] + [None] * 4 + [25.5], ["Gesamt"] + [None] * 4 + [35.5]]),
     **{**DE_WANT, "rows": 6, "empty": 3})
case("heading repeated at a page's top", "kunden.xlsx", xlsx([DE[0], DE[1], DE[0], DE[2], DE[3]]), **{**DE_WANT, "rows": 4, "empty": 1})

# ---- synonyms of headings ----
case("en synonyms", "contacts.csv", csv([["Full Name", "Company", "Mobile Phone", "E-mail Address", "Job Title", "ZIP", "City", "Notes"],
                                         ["John Smith", "Acme Ltd", "+44 7911 123456", "john@acme.example", "Buyer", "EC1A 1BB", "London", "met at fair"]],
                                        sep=","), country="DE", rows=1, new=1, companies=1, people={"John Smith": "+447911123456"}, firms=["Acme Ltd"])
case("de parts of a name", "adressen.csv", csv([["Anrede", "Vorname", "Nachname", "Firma", "Straße", "PLZ", "Ort", "Telefon geschäftlich", "Handy", "E-Mail"],
                                                ["Frau", "Anna", "Weber", "Weber Bau GmbH", "Hauptstr. 1", "01067", "Dresden", "0351 1234567", "0160 1234567", "a@weber.example"]]),
     country="DE", rows=1, new=1, companies=1, people={"Anna Weber": ["+493511234567", "+491601234567"]}, firms=["Weber Bau GmbH"], zips=["01067"])
case("ru parts of a name", "k.csv", csv([["Фамилия", "Имя", "Отчество", "Мобильный телефон", "Рабочий телефон", "Должность", "Компания"],
                                         ["Петров", "Иван", "Ильич", "89161112233", "8 495 123-45-67 доб. 12", "директор", "ЗАО Луч"]], charset="cp1251"),
     country="RU", rows=1, new=1, companies=1, people={"Петров Иван Ильич": ["+79161112233", "+74951234567"]}, firms=["ЗАО Луч"])
case("lt parts of a name", "k.csv", csv([["Vardas", "Pavardė", "Mobilus telefonas", "El. pašto adresas", "Įmonės pavadinimas", "Įmonės kodas", "PVM mokėtojo kodas"],
                                         ["Ona", "Kazlauskienė", "861122233", "ona@x.example", "UAB Medis", "302345678", "LT100001234567"]]),
     country="LT", rows=1, new=1, companies=1, people={"Ona Kazlauskienė": "+37061122233"}, firms=["UAB Medis"])

# ---- exports of other programs ----
case("outlook en", "contacts.csv", csv([["First Name", "Middle Name", "Last Name", "Title", "Suffix", "E-mail Address", "E-mail 2 Address", "Company", "Department",
                                         "Job Title", "Business Street", "Business City", "Business Postal Code", "Business Country/Region", "Business Phone",
                                         "Mobile Phone", "Home Phone", "Birthday", "Notes", "Categories"],
                                        ["Mary", "", "Jones", "", "", "mary@jones.example", "m2@jones.example", "Jones & Co Ltd", "Sales", "Manager", "1 High St", "Leeds",
                                         "LS1 1AA", "United Kingdom", "+44 113 496 0000", "+44 7700 900123", "", "0/0/00", "note", "VIP"]], sep=","),
     country="DE", rows=1, new=1, companies=1, people={"Mary Jones": ["+441134960000", "+447700900123"]}, firms=["Jones & Co Ltd"], mails=["m2@jones.example", "mary@jones.example"])
case("outlook de", "kontakte.csv", csv([["Anrede", "Vorname", "Weitere Vornamen", "Nachname", "Suffix", "Firma", "Abteilung", "Position", "Straße geschäftlich", "Ort geschäftlich",
                                         "Postleitzahl geschäftlich", "Land/Region geschäftlich", "Telefon geschäftlich", "Mobiltelefon", "Fax geschäftlich", "E-Mail-Adresse", "Geburtstag", "Notizen", "Webseite"],
                                        ["", "Uwe", "", "Schäfer", "", "Schäfer AG", "", "Leiter", "Ring 5", "Bonn", "53111", "Deutschland", "0228 123456", "0151 23456789", "", "uwe@schaefer.example", "0.0.00", "", "www.schaefer.example"]],
                                       sep=",", charset="cp1252"),
     country="DE", rows=1, new=1, companies=1, people={"Uwe Schäfer": ["+49228123456", "+4915123456789"]}, firms=["Schäfer AG"], zips=["53111"])
case("outlook ru", "contacts.csv", csv([["Обращение", "Имя", "Отчество", "Фамилия", "Организация", "Отдел", "Должность", "Улица (раб. адрес)", "Город (раб. адрес)",
                                         "Почтовый код (раб.)", "Рабочий телефон", "Телефон переносной", "Адрес эл. почты", "Адрес 2 эл. почты", "День рождения", "Заметки"],
                                        ["", "Мария", "Петровна", "Орлова", "ООО Вектор", "", "бухгалтер", "ул. Мира 1", "Казань", "420000", "8 843 2000600", "89170001122", "orlova@v.example", "", "0.0.00", ""]],
                                       sep=",", charset="cp1251"),
     country="RU", rows=1, new=1, companies=1, people={"Орлова Мария Петровна": ["+78432000600", "+79170001122"]}, firms=["ООО Вектор"], mails=["orlova@v.example"], zips=["420000"])
GOOGLE_OLD = ["Name", "Given Name", "Additional Name", "Family Name", "Yomi Name", "Birthday", "Notes", "Group Membership", "E-mail 1 - Type", "E-mail 1 - Value", "E-mail 2 - Type",
              "E-mail 2 - Value", "Phone 1 - Type", "Phone 1 - Value", "Phone 2 - Type", "Phone 2 - Value", "Address 1 - Type", "Address 1 - Formatted", "Organization 1 - Type", "Organization 1 - Name",
              "Organization 1 - Title", "Website 1 - Type", "Website 1 - Value"]
case("google, old", "google.csv", csv([GOOGLE_OLD,
                                      ["Tom Klein", "Tom", "", "Klein", "", "1980-02-03", "", "* myContacts ::: Kunden", "* Work", "tom@klein.example", "Home", "t@k.example", "Mobile", "0170 1234567 ::: 0221 987654",
                                       "Work", "+49 221 12345", "Work", "Ring 1\n50667 Köln", "", "Klein GmbH", "Chef", "", ""],
                                      ["Eva Groß", "Eva", "", "Groß", "", "", "", "* myContacts", "*", "eva@gross.example", "", "", "Mobile", "0171 7654321", "", "", "", "", "", "", "", "", ""]], sep=","),
     country="DE", rows=2, new=2, companies=1, people={"Tom Klein": ["+491701234567", "+49221987654", "+4922112345"], "Eva Groß": "+491717654321"}, firms=["Klein GmbH"],
     mails=["eva@gross.example", "t@k.example", "tom@klein.example"], no_fields=True)
GOOGLE = ["First Name", "Middle Name", "Last Name", "Phonetic First Name", "Name Prefix", "Nickname", "File As", "Organization Name", "Organization Title", "Organization Department", "Birthday", "Notes",
          "Photo", "Labels", "E-mail 1 - Label", "E-mail 1 - Value", "Phone 1 - Label", "Phone 1 - Value", "Phone 2 - Label", "Phone 2 - Value", "Address 1 - Label", "Address 1 - Formatted",
          "Address 1 - Street", "Address 1 - City", "Address 1 - Postal Code", "Address 1 - Country"]
case("google, new", "contacts.csv", csv([GOOGLE, ["Tom", "", "Klein", "", "", "", "", "Klein GmbH", "Chef", "", "", "", "https://x.example/p", "* myContacts", "* Work", "tom@klein.example", "Mobile", "0170 1234567",
                                                   "Work", "0221 12345", "Work", "Ring 1\n50667 Köln\nDE", "Ring 1", "Köln", "50667", "DE"]], sep=","),
     country="DE", rows=1, new=1, companies=1, people={"Tom Klein": ["+491701234567", "+4922112345"]}, firms=["Klein GmbH"], mails=["tom@klein.example"], no_fields=True)
case("bitrix24 contacts", "contact.csv", csv([["ID", "Обращение", "Имя", "Отчество", "Фамилия", "Дата рождения", "Рабочий телефон", "Мобильный телефон", "Другой телефон", "Рабочий e-mail", "Частный e-mail",
                                               "Компания", "Должность", "Тип контакта", "Источник", "Комментарий", "Ответственный", "Дата создания"],
                                              ["12", "", "Ирина", "", "Белова", "", "8 (495) 111-22-33", "+79261234567", "", "ib@bel.example", "", "ООО Белый дом", "директор", "Клиенты", "Звонок", "", "Админ", "01.02.2026 10:00:00"]]),
     country="RU", rows=1, new=1, companies=1, people={"Белова Ирина": ["+74951112233", "+79261234567"]}, firms=["ООО Белый дом"])
case("bitrix24 companies", "company.csv", csv([["ID", "Название компании", "Тип компании", "Сфера деятельности", "Рабочий телефон", "Корпоративный сайт", "Рабочий e-mail", "Адрес", "Реквизит: ИНН", "Ответственный"],
                                               ["7", "ООО Север", "Клиент", "Торговля", "8 812 333-44-55", "http://sever.example", "info@sever.example", "СПб, Невский 1", "7707083893", "Админ"],
                                               ["8", "АО Юг", "Клиент", "Услуги", "8 861 222-33-44", "", "info@yug.example", "Краснодар", "", "Админ"]]),
     country="RU", rows=2, new=2, made=2, people={}, firms=["ООО Север", "АО Юг"], taxes=["7707083893"])
case("amocrm contacts", "amocrm.csv", csv([["ID", "Тип", "Наименование", "Имя", "Фамилия", "Компания контакта", "Ответственный", "Теги", "Рабочий телефон", "Рабочий прямой телефон", "Мобильный телефон", "Факс", "Домашний телефон",
                                            "Другой телефон", "Рабочий email", "Личный email", "Другой email", "Должность", "Примечание 1"],
                                           ["101", "контакт", "Виктор Цой", "Виктор", "Цой", "ООО Кино", "Менеджер", "опт", "'+78121112233", "", "'+79111234567", "", "", "", "tsoi@kino.example", "", "", "певец", "звонить утром"]], sep=","),
     country="RU", rows=1, new=1, companies=1, people={"Виктор Цой": ["+78121112233", "+79111234567"]}, firms=["ООО Кино"])
case("1c counterparties", "kontragenty.xlsx", xlsx([["Контрагенты"], [], ["Код", "Наименование", "Полное наименование", "ИНН", "КПП", "Телефон", "Юридический адрес", "Контактное лицо"],
                                                    ["00-000001", "Ромашка ООО", 'Общество с ограниченной ответственностью "Ромашка"', "7707083893", "773601001", "(495) 123-45-67", "117997, Москва, ул. Вавилова, 19", "Иванова Мария"],
                                                    ["00-000002", "Лютик АО", 'Акционерное общество "Лютик"', "7728168971", "772801001", "", "Москва", ""]]),
     country="RU", rows=2, new=2, companies=2, people={"Иванова Мария": "+74951234567"}, firms=["Ромашка ООО", "Лютик АО"], taxes=["7707083893", "7728168971"])

# ---- numbers as text, text as numbers ----
case("phones as numbers", "k.xlsx", xlsx([["ФИО", "Телефон", "ИНН организации", "Организация"], ["Иванов Пётр", 89123456789, 7707083893, "ООО Альфа"], ["Орлов Илья", 9123456780, 7728168971, "ООО Бета"]]),
     country="RU", rows=2, new=2, companies=2, people={"Иванов Пётр": "+79123456789", "Орлов Илья": "+79123456780"}, taxes=["7707083893", "7728168971"])
case("lost leading zeros", "k.xlsx", xlsx([["Организация", "ИНН", "Телефон", "Индекс", "Город"], ["ООО Якутск", 1435000015, "84112123456", 677000, "Якутск"], ["ООО Адыг", 105000008, "88772123456", 385000, "Майкоп"]]),
     country="RU", rows=2, new=2, made=2, firms=["ООО Якутск", "ООО Адыг"], taxes=["0105000008", "1435000015"])
case("german zeros", "k.xlsx", xlsx([["Name", "Telefon", "PLZ", "Ort"], ["Jens Kohl", 3511234567, 1067, "Dresden"], ["Ute Blau", 1712345678, 4109, "Leipzig"]]),
     country="DE", rows=2, new=2, people={"Jens Kohl": "+493511234567", "Ute Blau": "+491712345678"}, zips=["01067", "04109"])
case("lost noughts of a kpp", "k.xlsx", xlsx([["Организация", "ИНН", "КПП", "ОГРН"], ["ООО Адыг", 105000008, 10501001, 1027700132195], ["ООО Чужой", 7707083893, 10501001, ""], ["ООО Без ИНН", "", 10201001, ""],
                                              ["ООО Без всего", "", 10250001, ""], ["ООО Целый", 7728168971, 772801001, ""]]),
     country="RU", rows=5, new=5, made=5, firms=["ООО Адыг", "ООО Чужой", "ООО Без ИНН", "ООО Без всего", "ООО Целый"], kpps=["010501001", "010201001", "772801001"], ogrns=["1027700132195"])
case("austrian and swiss postcodes in a german file", "k.xlsx", xlsx([["Name", "Telefon", "PLZ", "Ort", "Land"], ["Anna Eins", "0171 1111111", 1010, "Irgendwo", "Österreich"], ["Berta Zwei", "0171 2222222", 8001, "Irgendwo", "CH"],
                                                                      ["Carl Drei", "", 1030, "Wien", ""], ["Dora Vier", "", 9000, "St. Gallen", ""], ["Emil Fünf", "+43 1 5134567", 1020, "Irgendwo", ""],
                                                                      ["Franz Sechs", "+41 44 668 18 00", 8050, "Irgendwo", ""], ["Gerd Sieben", "0351 1234567", 1067, "Irgendwo", ""], ["Hans Acht", "0171 3333333", 4109, "", "Deutschland"]]),
     country="DE", rows=8, new=8, zips=["01067", "04109", "1010", "1020", "1030", "8001", "8050", "9000"])
case("postcodes of four alone", "k.xlsx", xlsx([["Name", "E-Mail", "PLZ", "Ort"], ["Anna Eins", "a@eins.example", 1067, "Irgendwo"], ["Berta Zwei", "b@zwei.example", 4109, "Irgendwo"]]),
     country="DE", rows=2, new=2, zips=["1067", "4109"])
case("postcodes of five mostly", "k.xlsx", xlsx([["Name", "E-Mail", "PLZ", "Ort"], ["Anna Eins", "a@eins.example", 1067, "Irgendwo"], ["Berta Zwei", "b@zwei.example", 80331, "Irgendwo"], ["Carl Drei", "c@drei.example", 50667, "Irgendwo"]]),
     country="DE", rows=3, new=3, zips=["01067", "50667", "80331"])
case("several numbers in a cell", "k.csv", csv([["Имя", "Телефоны"], ["Котова Нина", "8 (495) 123-45-67 доб. 101, 8-916-111-22-33; +7 903 444 55 66"], ["Волков Ян", "8-916-777-88-99 (жена), 4951112233"]]),
     country="RU", rows=2, new=2, people={"Котова Нина": ["+74951234567", "+79161112233", "+79034445566"], "Волков Ян": ["+79167778899", "+74951112233"]})
case("dates in all ways", "k.xlsx", xlsx([["Name", "Telefon", "Geburtstag"], ["Anna Eins", "0171 1111111", "03.04.1971"], ["Berta Zwei", "0171 2222222", Date(26207)], ["Carl Drei", "0171 3333333", "1971-10-01"],
                                          ["Dora Vier", "0171 4444444", 26207], ["Emil Fünf", "0171 5555555", "1. Oktober 1971"], ["Franz Sechs", "0171 6666666", "01/10/71"]]),
     country="DE", rows=6, new=6, birthdays=["1971-04-03"] + ["1971-10-01"] * 5)
case("dates of 1904", "k.xlsx", xlsx([["Name", "Telefon", "Geburtstag"], ["Anna Eins", "0171 1111111", Date(24745)], ["Berta Zwei", "0171 2222222", 24745]], is_1904=True),
     country="DE", rows=2, new=2, birthdays=["1971-10-01"] * 2)
case("formulas", "k.xlsx", xlsx([["Name", "Telefon", "Firma"], ["Anna Eins", "0171 1111111", Formula("A1&B1", "Eins GmbH")], ["Berta Zwei", Formula("B1+1"), "Zwei GmbH"], [Formula("A1"), Formula("B1"), Formula("C1")],
                                                                            [Formula("A1", ""), Formula("B1", ""), Formula("C1", "")]]),
     country="DE", rows=4, new=2, refused=1, empty=1, problems=5, companies=1)

# ---- who a row is ----
case("firms alone", "firmen.csv", csv([["Firma", "Straße", "PLZ", "Ort", "Telefon", "E-Mail", "USt-IdNr."], ["Nord KG", "Weg 1", "20095", "Hamburg", "040 1234567", "info@nord.example", "DE136695976"], ["Süd AG", "Weg 2", "80331", "München", "089 7654321", "info@sued.example", ""]]),
     country="DE", rows=2, new=2, made=2, people={}, firms=["Nord KG", "Süd AG"])
case("people alone", "leute.csv", csv([["Name", "Telefon"], ["Anna Eins", "0171 1111111"], ["Berta Zwei", "0171 2222222"]]), country="DE", rows=2, new=2, companies=0,
     people={"Anna Eins": "+491711111111", "Berta Zwei": "+491712222222"}, firms=[])
case("no headings", "leute.csv", csv([["Anna Eins", "0171 1111111", "anna@eins.example"], ["Berta Zwei", "0171 2222222", "berta@zwei.example"], ["Carl Drei", "0171 3333333", "carl@drei.example"]]),
     country="DE", rows=3, new=3, people={"Anna Eins": "+491711111111", "Berta Zwei": "+491712222222", "Carl Drei": "+491713333333"})
case("history", "k.csv", csv([["Клиент", "Телефон", "История"], ["Иванов Пётр", "89123456789", "12.03.2024 звонил, просил счёт (Мария)\n15.03.2024 встреча в офисе"], ["Орлов Илья", "89123456780", "01.02.2025 отправили договор"]]),
     country="RU", rows=2, new=2, interactions=3)
case("a person twice", "k.csv", csv([DE[0], DE[1], ["MÜLLER JÖRG", "Elektro Mueller GmbH", "+49 221 55501230", "j.mueller@elektro.example", ""], DE[2]]),
     country="DE", rows=3, new=2, joined=1, companies=2)
case("two people in a cell", "k.csv", csv([["Firma", "Ansprechpartner", "Ort"], ["Weber GmbH", "Anna Weber und Tom Weber", "Köln"], ["Kohl AG", "Kohl, Helga", "Bonn"], ["Blau KG", "Jan Blau; Ute Grün", "Ulm"]]),
     country="DE", rows=3, new=3, companies=3, people={"Anna Weber": None, "Tom Weber": None, "Kohl, Helga": None, "Jan Blau": None, "Ute Grün": None}, people_of={"Weber GmbH": 2, "Blau KG": 2, "Kohl AG": 1})
case("two people in a cell, ru", "k.csv", csv([["Организация", "Контактное лицо", "Город"], ["ООО Альфа", "Иванов И.И., Петрова А.А.", "Пермь"], ["ООО Бета", "Сидоров Пётр Ильич / Котова Нина Львовна", "Омск"]]),
     country="RU", rows=2, new=2, companies=2, people={"Иванов И.И.": None, "Петрова А.А.": None, "Сидоров Пётр Ильич": None, "Котова Нина Львовна": None})
case("two people, a number each", "k.csv", csv([["Organisation", "Ansprechpartner", "Telefon", "E-Mail"], ["Weber GmbH", "Anna Weber & Tom Berg", "0171 1111111, 0171 2222222", "info@weber.example"],
                                                 ["Lange AG", "Jan und Ute Lang", "040 1234567", "jan@lange.example; ute@lange.example"], ["Rot KG", "Müller-Lüdenscheidt, Karl Heinz", "0171 3333333", ""],
                                                 ["Gelb KG", "Garcia Lopez, Maria Elena", "0171 4444444", ""], ["Braun GmbH", "Hans Braun, Geschäftsführer Einkauf", "0171 5555555", ""]]),
     country="DE", rows=5, new=5, companies=5, people={"Anna Weber": "+491711111111", "Tom Berg": "+491712222222", "Jan Lang": None, "Ute Lang": None,
                                                       "Müller-Lüdenscheidt, Karl Heinz": "+491713333333", "Garcia Lopez, Maria Elena": "+491714444444", "Hans Braun, Geschäftsführer Einkauf": "+491715555555"},
     mails=["info@weber.example", "jan@lange.example", "ute@lange.example"])
case("a couple twice", "k.csv", csv([["Name", "Telefon", "E-Mail"], ["Anna Weber und Tom Weber", "0171 1111111; 0171 2222222", ""], ["Tom Weber", "0171 2222222", "tom@weber.example"], ["Weber & Söhne", "040 1234567", ""]]),
     country="DE", rows=3, joined=1, made=3, people={"Anna Weber": "+491711111111", "Tom Weber": "+491712222222", "Weber & Söhne": "+49401234567"}, problems=0)
case("merged name", "k.xlsx", xlsx({"K": [["Name", "Telefon", "Firma"], ["Anna Eins", "0171 1111111", "Eins GmbH"], [None, "0171 2222222", None], ["Berta Zwei", "0171 3333333", "Zwei GmbH"]]}, merges={"K": ["A2:A3", "C2:C3"]}),
     country="DE", rows=3, new=2, joined=1, people={"Anna Eins": ["+491711111111", "+491712222222"], "Berta Zwei": "+491713333333"})

# ---- several sheets ----
case("a sheet per year", "kunden.xlsx", xlsx({"2024": DE[:2], "2025": [DE[0]] + DE[2:], "Notizen": [["Was", "Wann"], ["Feier", "Mai"]]}),
     **{**DE_WANT, "left_out": ["Notizen"]})
case("sheets with other order", "k.xlsx", xlsx({"Moskau": RU[:3], "Perm": [["Тел.", "Контактное лицо", "Фирма", "Почта", "Скидка"], ["8(903)555-12-34", "Кузнецов Олег", "ИП Кузнецов О.А.", None, "5%"]]}),
     **{**RU_WANT, "left_out": []})
case("a person on two sheets", "k.xlsx", xlsx({"2024": DE, "2025": [["Kundenliste 2025"], [], DE[0], DE[1], DE[2]]}),
     **{**DE_WANT, "rows": 5, "joined": 2, "left_out": []})
case("a hidden sheet", "k.xlsx", xlsx({"Kunden": DE, "alt": DE[:2]}, hidden=("alt",)), **{**DE_WANT, "left_out": []})
case("totals on each sheet", "k.xlsx", xlsx({"A": [DE[0] + ["Umsatz"], DE[1] + [10], ["Summe", None, None, None, None, 10]], "B": [DE[0] + ["Umsatz"], DE[2] + [7], DE[3] + [1], ["Summe", None, None, None, None, 8]]}),
     **{**DE_WANT, "rows": 5, "empty": 2, "sums": ["10.00", "8.00"], "left_out": []})

# ---- cards ----
case("an iphone's own labels", "contacts.vcf", "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", "N:Klein;Tom;;;", "FN:Tom Klein", "ORG:Klein GmbH;", "item1.TEL:+491711234567", "item1.X-ABLabel:_$!<Mobile>!$_",
     "item2.TEL:0221 12345", "item2.X-ABLabel:Büro", "item3.EMAIL;type=INTERNET:tom@klein.example", "item3.X-ABLabel:Privat", "END:VCARD", ""]).encode(),
     country="DE", rows=1, new=1, companies=1, people={"Tom Klein": ["+491711234567", "+4922112345"]}, uses=["home", "mobile", "work"])

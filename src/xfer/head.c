/* SPDX-License-Identifier: MIT */
/* Entries are folded already (fmt/fold). One with '*' at its end fits the beginning of a word. */
#include "xfer/head.h"

#include "fmt/fold.h"

struct entry {
    str to;
    const char *words; /* separated by '|' */
};
static const struct entry dict[] = {
    {S0("name"),
     "name|full name|contact name|contact "
     "person|contact|person|ansprechpartner*|kontaktperson|kontakt|"
     "name vorname|vorname name|vor und nachname|vorname nachname|vardas pavarde|vardas ir pavarde|"
     "pavarde vardas|asmuo|kontaktinis asmuo|kontaktas|atstovas|ansprechp*|фио|ф и о|имя|"
     "фамилия имя|фамилия имя отчество|фамилия и о|контакт|контактное лицо|конт лицо|контактные лица|"
     "представитель|имя клиента"},
    {S0("customer"), "client|customer|customer name|client "
                     "name|kunde|kunden|kundenname|klientas|pirkejas|uzsakovas|"
                     "klientai|клиент|клиенты|заказчик|покупатель|контрагент"},
    {S0("last_name"), "last name|surname|family name|nachname|familienname|zuname|pavarde|фамилия"},
    {S0("first_name"), "first name|given name|given names|given name s|forename|vorname|vardas|"
                       "имя личное|имя отчество"},
    {S0("middle_name"),
     "middle name|additional name|patronymic|zweiter vorname|antrasis vardas|отчество"},
    {S0("company.name"),
     "company|company name|organization name|organization 1 name|org|account|account "
     "name|firm|organisation|organization|business|employer|"
     "firma|firmenname|firmenbezeichnung|unternehmen|betrieb|imone|imones pavadinimas|bendrove|organizacija|"
     "организация|фирма|компания|предприятие|наименование контрагента|наименование клиента|юр лицо|"
     "юридическое лицо|название организации|"
     "наименование организации|место работы|название компании|название|наименование|pavadinimas"},
    {S0("company.full_name"),
     "legal name|full company name|vollstandiger firmenname|visas pavadinimas|"
     "полное наименование|полное название"},
    {S0("company.inn"),
     "inn|tin|tax number|tax no|tax id|steuernummer|steuer nr|mokesciu moketojo kodas|инн|инн кпп"},
    {S0("company.kpp"), "kpp|кпп"},
    {S0("company.ogrn"), "ogrn|огрн|огрнип"},
    {S0("company.vat_id"),
     "vat|vat id|vat no|vat number|ust id|ustid*|ust idnr|umsatzsteuer id|pvm kodas|"
     "pvm moketojo kodas|номер ндс"},
    {S0("company.reg_no"),
     "registration number|company number|reg no|registernummer|handelsregister*|imones kodas|im kodas|"
     "регистрационный номер"},
    {S0("company.parent"),
     "subsidiary of|parent|parent company|parent account|part of|gehort zu|mutterfirma|"
     "muttergesellschaft|konzern|priklauso|patronuojanti imone|входит в|головная "
     "организация|холдинг"},
    {S0("company.industry"),
     "industry|sector|branch of trade|branche|wirtschaftszweig|veiklos sritis|sektorius|"
     "отрасль|сфера деятельности|вид деятельности"},
    {S0("company.employees"),
     "employees|number of employees|headcount|staff|mitarbeiter|mitarbeiterzahl|"
     "anzahl mitarbeiter|darbuotoju skaicius|darbuotojai|сотрудников|кол во сотрудников|"
     "число сотрудников|количество сотрудников"},
    {S0("company.founded"),
     "founded|year established|established|year founded|grundungsjahr|gegrundet|"
     "ikurta|ikurimo metai|год основания|основана"},
    {S0("company.website"),
     "website|web site|web|homepage|url|site|internet|webseite|webadresse|svetaine|"
     "interneto svetaine|puslapis|сайт|веб сайт|интернет|www"},
    {S0("phones"), "phone*|telephone*|tel|mobile*|cell|cell "
                   "phone|mob|fax|telefon*|handy*|mobil*|rufnummer|fon|tel nr|"
                   "mobilus|mob tel|тел|телефон*|мобильный|моб|сотовый|факс|раб тел|дом тел|доп "
                   "тел|тел факс|конт тел|конт телефон|whatsapp|viber"},
    {S0("mails"), "e mail*|email*|mail|mails|mail address|mailadresse|e mail adresse|el pastas|el "
                  "p|e pastas|elpastas|"
                  "эл почта|эл почты|mailadr|email addr|электронная почта|электронной почты|почта|емейл|имейл|мейл|эл "
                  "адрес|e почта"},
    {S0("addresses.zip"),
     "zip|zip code|postcode|post code|postal code|plz|postleitzahl|pasto kodas|индекс|почтовый индекс|"
     "почтовый код"},
    {S0("addresses.city"),
     "city|town|place|ort|stadt|wohnort|miestas|vietove|город|нас пункт|населенный пункт"},
    {S0("addresses.street"), "street|strasse|strasse nr|strasse hausnummer|gatve|улица"},
    {S0("addresses.region"),
     "region|state|province|county|bundesland|apskritis|область|регион|край"},
    {S0("addresses.country"), "country|country region|land region|страна регион|"
                              "office location|land|staat|salis|valstybe|страна"},
    {S0("addresses"),
     "address*|adresse*|anschrift*|lieferadresse|adresas|adresai|buveine|адрес*|местонахождение|"
     "юр адрес|факт адрес"},
    {S0("urls"), "websites|personal website|personal site|blog|linkedin*|webseiten|personliche "
                 "webseite|asmenine svetaine|"
                 "svetaines|tinklarastis|личный сайт|сайты|блог"},
    {S0("birthday"),
     "birthday|birth date|date of birth|born|dob|geburtstag|geburtsdatum|geb|geb am|geb datum|"
     "gimimo diena|gimimo data|gimtadienis|др|д р|дата рождения|день рождения|д рождения|родился"},
    {S0("job_title"),
     "job title|title|position|role|funktion|stelle|berufsbezeichnung|pareigos|должность|позиция"},
    {S0("department"), "department|division|abteilung|skyrius|padalinys|отдел|подразделение"},
    {S0("groups"),
     "group|groups|category|segment|type of customer|customer group|gruppe*|kundengruppe|kategorie|"
     "klasse|grupe|grupes|kategorija|kliento grupe|группа*|группы|категория|тип клиента|сегмент"},
    {S0("tags"), "tag|tags|labels|schlagworter|schlagwort|stichworter|zymos|zymes|метки|теги|тэги"},
    {S0("source"), "source|lead source|quelle|herkunft|saltinis|источник"},
    {S0("language"), "language|sprache|kalba|язык"},
    {S0("salutation"), "salutation|anrede|kreipinys|обращение"},
    {S0("note"), "note|notes|comment*|remark*|history|description|notiz*|bemerkung*|kommentar*|"
                 "anmerkung*|historie|"
                 "verlauf|beschreibung|pastaba*|pastabos|komentar*|aprasymas|istorija|комментар*|"
                 "заметк*|примечани*|"
                 "история*|описание|прим|коммент"},
    {S0("user.name"),
     "sales agent|sales rep|sales representative|agent|user|seller|verkaufer*|vertreter|"
     "vertriebsmitarbeiter|benutzer|pardavejas|vadybininkas|naudotojas|продавец|сотрудник|"
     "пользователь"},
    {S0("user.team"),
     "manager|team|sales manager|supervisor|teamleiter|vertriebsleiter|vadovas|komanda|команда|"
     "руководитель|отдел продаж"},
    {S0("user.branch"), "regional office|branch|branch "
                        "office|office|niederlassung|filiale|filialas|филиал|регион продаж"},
    {S0("skip"),
     "yomi name|given name yomi|family name yomi|additional name yomi|phonetic first name|"
     "phonetic middle name|phonetic last name|file as|name prefix|name suffix|"
     "№|no|nr|lfd nr|id|num|number|pos|п п|№ п п|no п п|n п п|номер|номер п п|eil nr|row"},
};
static const char totals[] =
    "total|totals|grand total|sum|summe|gesamt|gesamtsumme|insgesamt|zusammen|is viso|viso|"
    "bendra suma|suma|итого|итог|всего|итого по базе|сумма|общий итог|итого всего|"
    "subtotal|sub total|zwischensumme|tarpine suma|подытог|подитог|промежуточный итог";
/* These may go on: "Итого по группе Опт", "Zwischensumme Nord". Not "total": that is a firm's name too; and not
 * "итого" alone: a person's name may begin so. */
static const char totals_of[] =
    "subtotal|sub total|grand total|zwischensumme|gesamtsumme|tarpine suma|is viso|bendra suma|"
    "итого по|итого за|итого в|итого на|всего по|всего за|подытог|подитог|промежуточный итог";
static const char forms[] =
    "gmbh|gmbh co kg|ag|kg|ohg|ug|gbr|ek|e k|e "
    "v|ev|se|mbh|uab|ab|mb|vsi|ii|tub|kub|ооо|оао|зао|пао|ао|"
    "ип|нпо|тоо|гуп|муп|фгуп|чп|оод|ltd|limited|inc|llc|llp|corp|corporation|plc|co|company|group|"
    "sa|srl|spa|sarl|bv|nv|oy|as|aps|sp z o o|zoo|s a|sia|ou";

static bool is_wordy(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c > 0x7f && c != 0xa0 && c != 0xab && c != 0xbb && !(c >= 0x2000 && c <= 0x206f));
}

str head_norm(struct arena *a, str heading)
{
    str f = fold_text(a, heading);
    struct buf b = buf_new(a, f.n + 1);
    bool gap = false;

    for (size_t at = 0; at < f.n;) {
        size_t from = at;
        uint32_t c = utf8_next(f, &at);
        if (!is_wordy(c)) {
            gap = true;
            continue;
        }
        if (gap && b.n) buf_byte(&b, ' ');
        gap = false;
        buf_add(&b, str_cut(f, from, at));
    }
    return buf_str(&b);
}

static size_t words_in(str s)
{
    size_t n = s.n > 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == ' ';
    return n;
}

/* Where `e` stands in `head` on whole words ("*": up to a word's beginning); 0 not, 1 within, 2 all of it. */
static int entry_fits(str head, str e)
{
    bool open = str_has_suffix(e, S("*"));
    if (open) e.n--;
    for (size_t i = 0; i + e.n <= head.n; i++) {
        if (i && head.p[i - 1] != ' ') continue;
        if (memcmp(head.p + i, e.p, e.n) != 0) continue;
        size_t end = i + e.n;
        if (end < head.n && head.p[end] != ' ' && !open) continue;
        return i == 0 && (end == head.n || (open && !memchr(head.p + end, ' ', head.n - end))) ? 2
                                                                                               : 1;
    }
    return 0;
}

static int best_fit(str head, str all)
{
    int best = 0;
    for (str e, rest = all; rest.n > 0;) {
        str_split(rest, '|', &e, &rest);
        int fit = entry_fits(head, e), score = 0;
        if (fit == 2) score = 1000;
        if (fit == 1) {
            size_t more = words_in(head) - words_in(e);
            score = 600 + 60 * (int)words_in(e) - 20 * (int)(more > 10 ? 10 : more);
        }
        if (score > best) best = score;
    }
    return best;
}

/* "Phone 1 - Type", "E-mail 2 - Label": what kind of thing stands in the column beside. */
static bool is_kind_of_next(str head)
{
    static const str ends[] = {S0(" type"), S0(" label")};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_has_suffix(head, ends[i]) && head.n > ends[i].n) {
            char before = head.p[head.n - ends[i].n - 1];
            if (before >= '0' && before <= '9') return true;
        }
    return false;
}

/* A firm's word beside another one only says whose: "Business Phone", "Organization 1 - Title". */
static bool is_better(const struct head_hit *hit, str to, int score)
{
    static const str firm = S0("company.name");
    if (score != hit->score || score == 0 || score >= 1000) return score > hit->score;
    return str_eq(hit->to, firm) && !str_eq(to, firm);
}

struct head_hit head_guess(struct arena *a, str heading)
{
    struct head_hit hit = {.to = S("")};
    str head = head_norm(a, heading);

    if (head.n == 0 || head.n > 200) return hit;
    if (is_kind_of_next(head)) return (struct head_hit){S("skip"), 900};
    for (size_t i = 0; i < COUNT(dict); i++) {
        int score = best_fit(head, str_from(dict[i].words));
        /* "no", "id", "office" inside of a longer heading say nothing */
        if (score < 1000 &&
            (str_eq(dict[i].to, S("skip")) || str_has_prefix(dict[i].to, S("user."))))
            continue;
        if (is_better(&hit, dict[i].to, score))
            hit = (struct head_hit){dict[i].to, score > 1000 ? 1000 : score};
    }
    if (hit.score < 560) hit = (struct head_hit){.to = S("")};
    return hit;
}

static bool in_list(str all, str word)
{
    for (str e, rest = all; rest.n > 0;) {
        str_split(rest, '|', &e, &rest);
        if (str_eq(e, word)) return true;
    }
    return false;
}

bool head_is_total(struct arena *a, str cell)
{
    if (cell.n == 0 || cell.n >= 120) return false;
    str head = head_norm(a, cell);
    if (in_list(str_from(totals), head)) return true;
    for (str e, rest = str_from(totals_of); rest.n > 0;) {
        str_split(rest, '|', &e, &rest);
        if (str_has_prefix(head, e) && head.n > e.n && head.p[e.n] == ' ') return true;
    }
    return false;
}

/* The legal form at the head or the end of a normal name: its slice and the rest. */
static bool form_cut(str name, str *ret_form, str *ret_rest)
{
    for (size_t i = 1; i < name.n; i++) {
        if (name.p[i] != ' ') continue;
        if (in_list(str_from(forms), str_cut(name, i + 1, name.n))) {
            *ret_form = str_cut(name, i + 1, name.n);
            *ret_rest = str_cut(name, 0, i);
            return true;
        }
    }
    for (size_t i = name.n; i-- > 1;) {
        if (name.p[i] != ' ' || !in_list(str_from(forms), str_cut(name, 0, i))) continue;
        *ret_form = str_cut(name, 0, i);
        *ret_rest = str_cut(name, i + 1, name.n);
        return true;
    }
    return false;
}

bool head_is_firm(struct arena *a, str cell)
{
    str form = {0}, rest = {0};
    return cell.n > 3 && cell.n < 300 && form_cut(head_norm(a, cell), &form, &rest);
}

str firm_key(struct arena *a, str name)
{
    str norm = head_norm(a, name), form = {0}, rest = {0};
    if (form_cut(norm, &form, &rest)) return arena_fmt(a, "%.*s %.*s", FS(rest), FS(form));
    return norm;
}

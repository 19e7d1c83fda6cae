/* SPDX-License-Identifier: MIT */
/* fmt/country.c - the names of countries as people write them. */
#include "fmt/country.h"

#include "fmt/fold.h"

static const struct country {
    str code;
    const char *words;
} countries[] = {
    {S0("RU"), "ru|rus|russia|russian federation|russland|rusija|россия|рф|российская федерация"},
    {S0("DE"), "de|deu|ger|germany|deutschland|vokietija|германия|фрг"},
    {S0("LT"), "lt|ltu|lithuania|litauen|lietuva|литва"},
    {S0("LV"), "lv|latvia|lettland|latvija|латвия"},
    {S0("EE"), "ee|estonia|estland|estija|эстония"},
    {S0("PL"), "pl|poland|polen|lenkija|польша"},
    {S0("BY"), "by|belarus|weissrussland|baltarusija|беларусь|белоруссия"},
    {S0("UA"), "ua|ukraine|ukraina|украина"},
    {S0("KZ"), "kz|kazakhstan|kasachstan|kazachstanas|казахстан"},
    {S0("AT"), "at|austria|osterreich|austrija|австрия"},
    {S0("CH"), "ch|switzerland|schweiz|sveicarija|швейцария"},
    {S0("US"), "us|usa|united states|united states of america|vereinigte staaten|jav|сша"},
    {S0("GB"), "gb|uk|united kingdom|great britain|grossbritannien|england|jungtine "
               "karalyste|великобритания|англия"},
    {S0("FR"), "fr|france|frankreich|prancuzija|франция"},
    {S0("IT"), "it|italy|italien|italija|италия"},
    {S0("ES"), "es|spain|spanien|ispanija|испания"},
    {S0("NL"), "nl|netherlands|holland|niederlande|nyderlandai|olandija|нидерланды|голландия"},
    {S0("FI"), "fi|finland|finnland|suomija|финляндия"},
    {S0("SE"), "se|sweden|schweden|svedija|швеция"},
    {S0("NO"), "no|norway|norwegen|norvegija|норвегия"},
    {S0("DK"), "dk|denmark|danemark|danija|дания"},
    {S0("CZ"), "cz|czechia|czech republic|tschechien|cekija|чехия"},
    {S0("TR"), "tr|turkey|turkei|turkija|турция"},
    {S0("CN"), "cn|china|kinija|китай"},
};

/* Folded, words parted by one blank. */
static str words_of(struct arena *a, str text)
{
    str f = fold_text(a, text);
    struct buf b = buf_new(a, f.n + 1);
    bool gap = false;
    for (size_t i = 0; i < f.n; i++) {
        char c = f.p[i];
        if (!(c & 0x80) && !(c >= 'a' && c <= 'z')) {
            gap = true;
            continue;
        }
        if (gap && b.n) buf_byte(&b, ' ');
        gap = false;
        buf_byte(&b, c);
    }
    return buf_str(&b);
}

str country_of(struct arena *a, str text)
{
    str norm = words_of(a, text), e = {0};
    if (norm.n == 0) return S("");
    for (size_t i = 0; i < COUNT(countries); i++)
        for (str rest = str_from(countries[i].words); rest.n > 0;) {
            str_split(rest, '|', &e, &rest);
            if (str_eq(e, norm)) return countries[i].code;
        }
    return S("");
}

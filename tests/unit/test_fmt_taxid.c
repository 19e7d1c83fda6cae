/* SPDX-License-Identifier: MIT */
#include "fmt/taxid.h"
#include "t.h"

static void european(void)
{
    static const str rows[] = {
        S0("ATU39099603"), S0("ATU08246281"), S0("BE1656321223"), S0("BE0068689064"), S0("BG720521487"), S0("CY69848578S"),
        S0("CY79841116E"), S0("DE622976314"), S0("DE381341384"), S0("DK42284629"), S0("DK44802430"), S0("EE952102328"),
        S0("EE878458842"), S0("EL109210883"), S0("EL824952228"), S0("ESW7217672J"), S0("ESR2333510B"), S0("FI67904514"),
        S0("FI35964758"), S0("FRPF111500351"), S0("FRUD167506377"), S0("HR83428185622"), S0("HR77749518795"), S0("HU70307830"),
        S0("HU71271534"), S0("IE1412786A"), S0("IE5743746S"), S0("IT79922480060"), S0("IT46501450392"), S0("LT330383287517"),
        S0("LT892624319"), S0("LU68411157"), S0("LU95100035"), S0("LV86207698634"), S0("LV21092380592"), S0("MT98163054"),
        S0("MT33283382"), S0("NL580522283B65"), S0("NL619231877B94"), S0("PL1329473073"), S0("PL5415044300"), S0("PT804323127"),
        S0("PT182972682"), S0("RO703227740"), S0("RO193769"), S0("SE565572468901"), S0("SE130575101601"), S0("SI61577502"),
        S0("SI34838406"), S0("SK4047706795"), S0("CZ25123891"), S0("FR40303265045"), S0("XI980780684"), S0("XIGD001"),
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        str got = S("");
        T_INT(taxid_check(a, TAXID_VAT, rows[i], &got), TAXID_OK);
        T_STR(got, rows[i]);
        /* no check digit at the end: British departments, the Dutch suffix */
        bool by_place = str_has_prefix(rows[i], S("XIGD")) || str_has_prefix(rows[i], S("NL"));
        for (char c = '0'; c <= '9' && !by_place; c++) { /* any other last character is refused */
            str other = arena_dup(a, rows[i]);
            char *last = arena_get(a, other.n);
            memcpy(last, other.p, other.n);
            if (last[other.n - 1] == c) continue;
            last[other.n - 1] = c;
            bool letter = rows[i].p[0] == 'E' && rows[i].p[1] == 'S'; /* either letter or digit */
            if (!letter) T(taxid_check(a, TAXID_VAT, (str){last, other.n}, &got) != TAXID_OK);
        }
        str cut = str_cut(rows[i], 0, rows[i].n - 1);
        T(taxid_check(a, TAXID_VAT, cut, &got) != TAXID_OK || str_has_prefix(cut, S("RO")));
    }
    arena_free(&a);
}

static void kinds(void)
{
    static const struct {
        enum taxid_kind kind;
        str in;
        enum taxid_why why;
        str normal;
    } rows[] = {
        {TAXID_INN, S0("7707083893"), TAXID_OK, S0("7707083893")},
        {TAXID_INN, S0(" 77 07 083893 "), TAXID_OK, S0("7707083893")},
        {TAXID_INN, S0("500100732259"), TAXID_OK, S0("500100732259")},
        {TAXID_INN, S0("7707083894"), TAXID_CHECK, S0("")},
        {TAXID_INN, S0("500100732258"), TAXID_CHECK, S0("")},
        {TAXID_INN, S0("0000000000"), TAXID_CHECK, S0("")},
        {TAXID_INN, S0("770708389"), TAXID_LENGTH, S0("")},
        {TAXID_INN, S0("77070838x3"), TAXID_CHARS, S0("")},
        {TAXID_INN, S0(""), TAXID_EMPTY, S0("")},
        {TAXID_INN, S0(" - "), TAXID_EMPTY, S0("")},
        {TAXID_INN, S0("\xFF\xC2"), TAXID_CHARS, S0("")},
        {TAXID_INN, S0("7707083893\0"), TAXID_CHARS, S0("")},
        {TAXID_KPP, S0("773601001"), TAXID_OK, S0("773601001")},
        {TAXID_KPP, S0("7736AB001"), TAXID_OK, S0("7736AB001")},
        {TAXID_KPP, S0("77A601001"), TAXID_CHARS, S0("")},
        {TAXID_KPP, S0("77360100"), TAXID_LENGTH, S0("")},
        {TAXID_OGRN, S0("1027700132195"), TAXID_OK, S0("1027700132195")},
        {TAXID_OGRN, S0("1027700132196"), TAXID_CHECK, S0("")},
        {TAXID_OGRN, S0("304500116000157"), TAXID_OK, S0("304500116000157")},
        {TAXID_OGRN, S0("304500116000158"), TAXID_CHECK, S0("")},
        {TAXID_BIK, S0("044525225"), TAXID_OK, S0("044525225")},
        {TAXID_BIK, S0("144525225"), TAXID_CHECK, S0("")},
        {TAXID_IBAN, S0("DE89 3704 0044 0532 0130 00"), TAXID_OK, S0("DE89370400440532013000")},
        {TAXID_IBAN, S0("lt121000011101001000"), TAXID_OK, S0("LT121000011101001000")},
        {TAXID_IBAN, S0("MT84MALT011000012345MTLCAST001S"), TAXID_OK, S0("MT84MALT011000012345MTLCAST001S")},
        {TAXID_IBAN, S0("NO9386011117947"), TAXID_OK, S0("NO9386011117947")},
        {TAXID_IBAN, S0("DE89370400440532013001"), TAXID_CHECK, S0("")},
        {TAXID_IBAN, S0("DE8937040044053201300"), TAXID_LENGTH, S0("")},
        {TAXID_IBAN, S0("ZZ89370400440532013000"), TAXID_COUNTRY, S0("")},
        {TAXID_IBAN, S0("DE89370400440532_13000"), TAXID_CHARS, S0("")},
        {TAXID_IBAN, S0("DE"), TAXID_LENGTH, S0("")},
        {TAXID_BIC, S0("COBADEFFXXX"), TAXID_OK, S0("COBADEFFXXX")},
        {TAXID_BIC, S0("haba lt 22"), TAXID_OK, S0("HABALT22")},
        {TAXID_BIC, S0("COB1DEFF"), TAXID_CHARS, S0("")},
        {TAXID_BIC, S0("COBADEFFX"), TAXID_LENGTH, S0("")},
        {TAXID_LEI, S0("5493001KJTIIGC8Y1R12"), TAXID_OK, S0("5493001KJTIIGC8Y1R12")},
        {TAXID_LEI, S0("5493001KJTIIGC8Y1R13"), TAXID_CHECK, S0("")},
        {TAXID_RF, S0("RF18 5390 0754 7034"), TAXID_OK, S0("RF18539007547034")},
        {TAXID_RF, S0("RF19539007547034"), TAXID_CHECK, S0("")},
        {TAXID_VAT, S0("gr 109210883"), TAXID_OK, S0("EL109210883")},
        {TAXID_VAT, S0("DE 136.695.976"), TAXID_OK, S0("DE136695976")},
        {TAXID_VAT, S0("DE13669597"), TAXID_LENGTH, S0("")},
        {TAXID_VAT, S0("US123456789"), TAXID_COUNTRY, S0("")},
        {TAXID_VAT, S0("DE"), TAXID_LENGTH, S0("")},
        {TAXID_VAT, S0("D"), TAXID_COUNTRY, S0("")},
        {TAXID_VAT, S0("FROO303265045"), TAXID_CHECK, S0("")},
        {TAXID_VAT, S0("ИНН7707083893"), TAXID_CHARS, S0("")},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        str got = S("");
        T_INT(taxid_check(a, rows[i].kind, rows[i].in, &got), rows[i].why);
        T_STR(got, rows[i].normal);
        T(taxid_why_text(rows[i].why).n > 0);
    }
    char big[5000];
    str got = S("");
    memset(big, '1', sizeof big);
    for (int k = 0; k < TAXID_NONE; k++) T_INT(taxid_check(a, (enum taxid_kind)k, (str){big, sizeof big}, &got), TAXID_LENGTH);
    arena_free(&a);
}

static void guessing(void)
{
    static const struct {
        str in;
        enum taxid_kind kind;
    } rows[] = {
        {S0("7707083893"), TAXID_INN},         {S0("1027700132195"), TAXID_OGRN}, {S0("DE136695976"), TAXID_VAT},
        {S0("DE89 3704 0044 0532 0130 00"), TAXID_IBAN},                          {S0("5493001KJTIIGC8Y1R12"), TAXID_LEI},
        {S0("RF18539007547034"), TAXID_RF},    {S0("COBADEFF"), TAXID_NONE},      {S0("044525225"), TAXID_NONE},
        {S0("hello"), TAXID_NONE},             {S0(""), TAXID_NONE},
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        str got = S("");
        T_INT(taxid_guess(a, rows[i].in, &got), rows[i].kind);
        T((got.n > 0) == (rows[i].kind != TAXID_NONE));
    }
    T(taxid_account_fits(S("044525225"), S("30101810400000000225")));
    T(!taxid_account_fits(S("044525225"), S("30101810500000000225")));
    T(!taxid_account_fits(S("044525225"), S("")) && !taxid_account_fits(S(""), S("30101810400000000225")));
    int fits = 0; /* one of ten key digits fits a customer's account */
    for (char k = '0'; k <= '9'; k++) {
        char acc[] = "40702810x38000000001";
        acc[8] = k;
        fits += taxid_account_fits(S("044525225"), (str){acc, 20});
    }
    T_INT(fits, 1);
    arena_free(&a);
}

TESTS("fmt_taxid", european, kinds, guessing)

/* SPDX-License-Identifier: MIT */
/* Lengths that lie are found before anybody takes memory for them. */
#include "fmt/cbor.h"
#include "t.h"

static void lengths(void)
{
    static const struct {
        str s;
        bool ok;
    } all[] = {
        {S0(""), true},
        {{"\x00", 1}, true},
        {{"\x18\xFF", 2}, true},
        {{"\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9}, true},                      /* a large number is no length */
        {{"\xA5\x01\x02\x03\x26\x20\x01\x21\x41\x61\x22\x41\x62", 13}, true},      /* a key of COSE */
        {{"\xA1\x01\x02\xA0", 4}, true},                                         /* and a map behind it */
        {{"\x82\x01\x81\x80", 4}, true},
        {{"\xC1\x00", 2}, true},
        {{"\xFB\x00\x00\x00\x00\x00\x00\x00\x00", 9}, true},
        {{"\xF5", 1}, true},
        {{"\x9B\x01\x01\x03\x27\x20\x06\x21\x58", 9}, false},                     /* 72 quadrillion members */
        {{"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00", 10}, false},
        {{"\xBB\x80\x00\x00\x00\x00\x00\x00\x00\x00", 10}, false},                /* twice that is 0 again */
        {{"\x5A\x00\x00\x00\x02\x61", 6}, false},
        {{"\x61", 1}, false},
        {{"\x81", 1}, false},
        {{"\xA1\x01", 2}, false},
        {{"\xC1", 1}, false},
        {{"\x18", 1}, false},
        {{"\x19\x01", 2}, false},
        {{"\x1C", 1}, false},                                                     /* reserved */
        {{"\x9F\x01\xFF", 3}, false},                                             /* of indefinite length */
        {{"\x82\x82\x82\x82\x00", 5}, false},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        T(cbor_bounded(all[i].s) == all[i].ok);
        if (cbor_bounded(all[i].s) != all[i].ok) fprintf(stderr, "  row %zu\n", i);
    }
}

TESTS("fmt_cbor", lengths)

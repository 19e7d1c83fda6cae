/* SPDX-License-Identifier: MIT */
/* meta/kind_picture.c - one stored file whose bytes are those of a picture. */
#include "meta/meta_int.h"

const struct kind kind_picture = {.name = S0("picture"),
                                  .store = ST_INT,
                                  .file = true,
                                  .picture = true,
                                  .sort = false,
                                  .search = false,
                                  .ops = OPM(OP_EMPTY) | OPM(OP_NOTEMPTY),
                                  .from_json = file_from_json,
                                  .from_text = file_from_text,
                                  .to_json = file_to_json,
                                  .to_text = file_to_text};

/* SPDX-License-Identifier: MIT */
/* xfer/join.h - which rows are one person, and which firm a row means: within the file and against the base.
 *
 * People: a complete valid number or a mail in common *and* a compatible name (fold_compat; '?' may
 * stand for a lost letter). A name that agrees only in one word is enough when number and mail both
 * agree. A number with an inside extension ("8 (495) ... доб. 12") is an office's shared line and
 * joins nobody. A row without either is joined by its full name and the firm, or a street's address,
 * when neither the day of birth nor the own tax number says otherwise and nobody else of that name fits.
 * Firms: the tax number, then the same name unless their tax numbers differ.
 * Size: 12 bytes a key at 3/8 to 3/4 load, 40 bytes and the name a person; in a file, so that a million rows do
 * not need the memory of a million rows.
 */
#pragma once
#include "xfer/row.h"

struct joiner;
/* Asks the base only when it held people or firms before (both known by `base`). */
/* folder: for what does not stay in memory, "" = none. */
struct joiner *joiner_new(str folder);
void joiner_free(struct joiner **j);
void joiner_ask_base(struct joiner *j, bool people, bool firms);

enum join_why { JOIN_NEW, JOIN_FILE, JOIN_BASE };
struct joined {
    enum join_why why;
    uint32_t group;      /* JOIN_FILE: its handle; else 0 */
    int64_t id;          /* the record */
    str name;            /* as it was at first */
    bool unsure;         /* one to confirm: the names agree only in part */
};
/* Whom the row continues. The base is asked with cx's rights. */
MUST enum err join_person(struct cx *cx, struct joiner *j, const struct row *r, struct joined *ret);
/* The same for a row without number and mail. firm, firm_group: the row's firm as it was decided, 0 none. */
MUST enum err join_named(struct cx *cx, struct joiner *j, const struct row *r, int64_t firm, uint32_t firm_group,
                         struct joined *ret);
/* firm_of: the firm that the row's person already has (0 none): taken when its name is compatible. */
MUST enum err join_firm(struct cx *cx, struct joiner *j, str name, str key, str tax, uint32_t firm_of,
                        struct joined *ret);
/* Remembers the row's keys for the ones that follow. group 0 = a new one. Gives the group. */
uint32_t joiner_put_person(struct joiner *j, const struct row *r, uint32_t group, int64_t id, uint32_t firm);
/* The same by full name with firm and address. */
uint32_t joiner_put_named(struct cx *cx, struct joiner *j, const struct row *r, uint32_t group, int64_t id,
                          uint32_t firm_group);
uint32_t joiner_put_firm(struct joiner *j, str name, str key, str tax, uint32_t group, int64_t id, bool stub);
/* The firm's group that a person's group has; a firm that stands there only because it was named as a parent. */
uint32_t joiner_firm_of(const struct joiner *j, uint32_t group);
bool joiner_take_stub(struct joiner *j, uint32_t group);
/* Which of the firm's fields (bits by place in the row) rows have given so far; gives those before. */
uint32_t joiner_seen_fields(struct joiner *j, uint32_t group, uint32_t bits);
/* First time this import touches a record of the base? */
bool joiner_touch(struct joiner *j, int64_t id);
size_t joiner_bytes(const struct joiner *j);

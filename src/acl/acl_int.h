/* SPDX-License-Identifier: MIT */
/* acl/acl_int.h - what the files of this room share: the words of a role's rights. */
#pragma once
#include "acl/acl.h"

enum { REACHES = REACH_ALL + 1, FIELD_RIGHTS = FIELD_HIDDEN + 1, SYS_NAMES = 5 };
extern const str reach_name[REACHES], field_right_name[FIELD_RIGHTS];
extern const struct sys_name {
    str name;
    enum sysright bit;
} sys_names[SYS_NAMES];

/* A word -> its place among `names`; n when it is none of them. */
size_t word_at(const str *names, size_t n, str word);
/* "" when it is no text */
str word_of(const struct json *j);
/* The system rights (enum sysright) of a role. */
unsigned sys_of(const struct json *rights);
/* How many of field_right_name a field takes: a record's title stands wherever the record does. */
size_t rights_of(const struct field *f);

/* Rights of one role (JSON text, "" = none) into an acl that knows its user and nothing else yet; without teams. */
MUST enum err acl_fill(struct cx *cx, str rights, struct acl *acl);
/* His teams and branches, when a reach speaks of them and they are not known yet. */
MUST enum err acl_teams(struct cx *cx, struct acl *acl);
/* What is shared with him and his teams, which are known. */
MUST enum err acl_shares(struct cx *cx, struct acl *acl);

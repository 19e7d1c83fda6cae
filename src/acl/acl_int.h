/* SPDX-License-Identifier: MIT */
/* acl/acl_int.h - what the files of this room share. */
#pragma once
#include "acl/acl.h"

/* A role's rights (JSON text, "" = none) into an empty acl. */
MUST enum err acl_fill(struct cx *cx, str rights, struct acl *acl);

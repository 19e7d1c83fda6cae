/* SPDX-License-Identifier: MIT */
/* api/scan.h - a scanner that looks at every file before it is kept: whatever speaks clamd's INSTREAM (clamd(8)). */
#pragma once
#include "base/base.h"

/* Is `at` "" (no scanner), "unix:/run/clamav/clamd.ctl" or "host:port"? E_INVALID at "scan"; clamd knows no TLS, so it
 * is also one on another machine, unless `plain` (the setting plain_outgoing). */
MUST enum err scan_check(struct cx *cx, str at, bool plain);
/* Would files go in the clear to a scanner on another machine? */
bool scan_in_clear(str at);
/* Sends the file there. E_OK: clean, or no scanner. E_INVALID: something was found, by name. E_BUSY: no answer within
 * two minutes, one that says neither, or a few files are with it already; the file is not to be kept then. Blocks. */
MUST enum err scan_file(struct cx *cx, str at, str path);

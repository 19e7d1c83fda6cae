/* SPDX-License-Identifier: MIT */
/* auth/limits.h - every limit of coming in. docs/admin.md, "Who tries to come in", tells them to people. */
#pragma once
#include "base/base.h"

enum {
    /* ---- an account: a name together with one known device, or with all unknown ones ---- */
    LOGIN_WINDOW_MS = 30 * 60 * 1000, /* failures are counted over this time */
    LOGIN_CAPTCHA_FROM = 4,           /* from this failure on a captcha is asked for */
    LOGIN_LOCK_FROM = 10,             /* from this failure on nobody gets in ... */
    LOGIN_LOCK_MS = 30 * 60 * 1000,   /* ... for so long */
    /* ---- an address (IPv6: its /64): failures in stock, and how soon one more may be made ---- */
    LOGIN_ADDR_BURST = 30,
    LOGIN_ADDR_EVERY_MS = 6 * 1000,
    /* ---- all unknown devices of the world together, in this process ---- */
    LOGIN_ALL_BURST = 300,
    LOGIN_ALL_EVERY_MS = 1000,
    /* ---- captchas ---- */
    CAPTCHA_MS = 5 * 60 * 1000, /* good for so long, and once */
    CAPTCHA_LETTERS = 5,
    /* ---- what is kept ---- */
    DEVICE_DAYS = 400,   /* a device that was not used for so long is unknown again */
    ATTEMPT_DAYS = 90,   /* the log of attempts */
    SESSIONS_SHOWN = 1000,
    ATTEMPT_PAGE = 50,
    HELD_SHOWN = 1000,  /* addresses held by too many failures */
    BLOCKS_MAX = 1000,   /* addresses blocked by hand */
    BLOCK_WHY_MAX = 200, /* characters */
    NAME_BYTES = 254,    /* of a name that is tried */
    AGENT_BYTES = 200
};

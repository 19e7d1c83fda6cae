/* SPDX-License-Identifier: MIT */
/* picture/picture.h - pictures from outside, drawn anew before anybody is shown them.
 *
 * The bytes of strangers are opened in a process of their own, which knows no data: it was started before there were
 * any, sees no file but the two that it is handed, no network, and calls only what drawing needs (Landlock, seccomp).
 * Each picture is drawn in a child of that process, with limits of memory and time; what comes out is pixels only: no
 * place where a photo was taken, no second file hidden behind the first.
 */
#pragma once
#include "base/base.h"

enum {
    PICTURE_SIDE = 1600,               /* pixels: what is longer is made smaller */
    PICTURE_BYTES_MAX = 32 * 1024 * 1024,
    PICTURE_PIXELS_MAX = 60 * 1000 * 1000, /* of a JPEG, which is read at a part of its size */
    PICTURE_PLAIN_MAX = 30 * 1000 * 1000   /* of another, which is held whole */
};

struct pictures;
struct picture {
    str type;                          /* "image/jpeg" or "image/png"; static */
    int w, h;                          /* pixels */
    int64_t bytes;
};
/* Starts `program` ("/proc/self/exe" in the server) as the process that draws: its main() calls picture_child() when
 * its one argument is PICTURE_ARG. Before the sandbox, for that lets nobody start programs. */
#define PICTURE_ARG "draw-pictures"
MUST enum err pictures_start(struct cx *cx, str program, struct pictures **ret);
void pictures_stop(struct pictures **p); /* NULL is fine */
int picture_child(void);                 /* the whole life of that process; its exit code */

/* Draws the file `from` (PNG, JPEG, GIF: the first of its pictures, WebP) anew into `to`, which is made, and is on the
 * disk when this comes back: turned as its camera said, at most PICTURE_SIDE long. PNG and GIF become PNG, all others
 * JPEG unless one can see through them. Blocks up to 30 s; one at a time, a few wait, and of one user (cx->who) one.
 * E_INVALID: no such picture, or a broken one; E_LIMIT: too large; E_BUSY: others before us take too long, or the
 * process is not there (p NULL, too); the errors of files. `to` is gone then. */
MUST enum err picture_make(struct cx *cx, struct pictures *p, str from, str to, struct picture *ret);

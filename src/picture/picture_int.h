/* SPDX-License-Identifier: MIT */
/* picture/picture_int.h - between the files of this room. */
#pragma once
#include "picture/picture.h"

enum drawn { DRAWN_OK, DRAWN_NONE, DRAWN_BROKEN, DRAWN_LARGE, DRAWN_FAILED };
enum drawn_as { AS_JPEG, AS_PNG };

/* What goes between the two processes, on one socket, with the files as descriptors: it never leaves the machine. */
struct draw_ask {
    uint32_t id;
};
struct draw_reply {
    uint32_t id, how, as, w, h;        /* enum drawn, enum drawn_as */
};

/* From here on this process may call no more than drawing takes; `parent`: than taking the next picture does. false:
 * the kernel has no such fence. For good. */
bool picture_fence(bool parent);

/* ---- pixels: 4 bytes each, red green blue alpha, row by row without gaps; p by mem_new ---- */
struct pixels {
    unsigned char *p;
    size_t w, h;
};
enum drawn pixels_new(struct pixels *ret, int64_t w, int64_t h); /* DRAWN_LARGE beyond PICTURE_PLAIN_MAX */
void pixels_free(struct pixels *p);
bool pixels_opaque(const struct pixels *p);
/* So that no side is longer than `side`: each new pixel is the mean of those that it covers. */
void pixels_fit(struct pixels *p, size_t side);
/* As EXIF's orientation (1 to 8) says; any other number leaves it. */
void pixels_turn(struct pixels *p, int orientation);

/* Any of the four formats, by its first bytes; *ret_as what to write it as. May give it smaller than it is, never
 * smaller than `side`. In a child: a broken library may do anything here. */
enum drawn picture_read(str in, size_t side, struct pixels *ret, enum drawn_as *ret_as);
/* The whole way in memory: *ret by mem_new, *ret_n bytes. For the child, and for the fuzzer. */
enum drawn picture_draw(str in, size_t side, struct draw_reply *ret, unsigned char **ret_p, size_t *ret_n);

/* SPDX-License-Identifier: MIT */
/* auth/captcha.c - letters in a picture, or a small sum in words for who cannot see it: either answer will do. It keeps
 * simple programs out and slows the others down; what protects an account is its lock. */
#include "auth/auth_int.h"
#include "auth/limits.h"
#include "base/tr.h"
#include "os/os.h"

#include <stdlib.h>

enum { WIDTH = 192, HEIGHT = 64, ROW_BYTES = WIDTH / 8, HEAD_BYTES = 62 };
enum { ZOOM = 5, FONT_W = 5, FONT_H = 7, NUMBERS = 10 };
enum { PIXELS = ROW_BYTES * HEIGHT, FILE_BYTES = HEAD_BYTES + PIXELS, STEP = WIDTH / (CAPTCHA_LETTERS + 1) };

/* Letters and digits that nobody takes for another: seven rows of five dots each, the left one highest. */
static const struct {
    char name;
    uint8_t row[FONT_H];
} font[] = {
    {'A', {14, 17, 17, 31, 17, 17, 17}}, {'C', {14, 17, 16, 16, 16, 17, 14}}, {'E', {31, 16, 16, 30, 16, 16, 31}},
    {'F', {31, 16, 16, 30, 16, 16, 16}}, {'H', {17, 17, 17, 31, 17, 17, 17}}, {'K', {17, 18, 20, 24, 20, 18, 17}},
    {'L', {16, 16, 16, 16, 16, 16, 31}}, {'M', {17, 27, 21, 21, 17, 17, 17}}, {'N', {17, 25, 21, 19, 17, 17, 17}},
    {'P', {30, 17, 17, 30, 16, 16, 16}}, {'R', {30, 17, 17, 30, 20, 18, 17}}, {'T', {31, 4, 4, 4, 4, 4, 4}},
    {'W', {17, 17, 17, 21, 21, 27, 17}}, {'X', {17, 17, 10, 4, 10, 17, 17}},  {'Y', {17, 17, 10, 4, 4, 4, 4}},
    {'3', {30, 1, 1, 14, 1, 1, 30}},     {'4', {2, 6, 10, 18, 31, 2, 2}},     {'7', {31, 1, 2, 4, 4, 8, 8}},
};

static const str number[NUMBERS] = {S0(TR("one")), S0(TR("two")),   S0(TR("three")), S0(TR("four")), S0(TR("five")),
                                    S0(TR("six")), S0(TR("seven")), S0(TR("eight")), S0(TR("nine")), S0(TR("ten"))};

static uint32_t below(uint32_t n)
{
    uint32_t r = 0;
    os_random(&r, sizeof r);
    return r % n;
}

static void dot(uint8_t *px, int x, int y)
{
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    px[(size_t)(HEIGHT - 1 - y) * ROW_BYTES + (size_t)x / 8] |= (uint8_t)(0x80 >> x % 8); /* BMP begins at the bottom */
}

/* Slanted and moved at random; each font dot a square whose edges are frayed. */
static void letter(uint8_t *px, size_t glyph, int left)
{
    int slant = (int)below(7) - 3, top = 8 + (int)below(HEIGHT - FONT_H * ZOOM - 16), lean = (int)below(5) - 2;
    for (int y = 0; y < FONT_H * ZOOM; y++)
        for (int x = 0; x < FONT_W * ZOOM; x++) {
            bool on = font[glyph].row[y / ZOOM] >> (FONT_W - 1 - x / ZOOM) & 1;
            if (on && below(24)) dot(px, left + x + slant * y / 16, top + y + lean * x / 16);
        }
}

static void clutter(uint8_t *px)
{
    for (int i = 0; i < 3; i++) { /* waves across all letters */
        int y = 10 + (int)below(HEIGHT - 20), rise = (int)below(41) - 20, thick = 1 + i % 2;
        for (int x = 0; x < WIDTH; x++)
            for (int k = 0; k < thick; k++) dot(px, x, y + rise * (x - WIDTH / 2) / WIDTH + abs(x / 6 % 12 - 6) + k);
    }
    for (int i = 0; i < WIDTH * HEIGHT / 40; i++) dot(px, (int)below(WIDTH), (int)below(HEIGHT));
}

static void le32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> 8 * i);
}

/* One bit a dot, white ground: the smallest picture that every browser shows without a library of ours. */
static void bmp_head(uint8_t *f)
{
    f[0] = 'B', f[1] = 'M';
    le32(f + 2, FILE_BYTES);
    le32(f + 10, HEAD_BYTES);
    le32(f + 14, 40);
    le32(f + 18, WIDTH);
    le32(f + 22, HEIGHT);
    f[26] = 1, f[28] = 1;
    le32(f + 34, PIXELS);
    le32(f + 46, 2);
    memset(f + 54, 0xFF, 3);   /* 0: white */
    le32(f + 58, 0x00402A20);  /* 1: dark */
}

static str drawn(struct cx *cx, char letters[CAPTCHA_LETTERS])
{
    uint8_t *f = arena_get(cx->a, FILE_BYTES);
    bmp_head(f);
    for (int i = 0; i < CAPTCHA_LETTERS; i++) {
        size_t glyph = below(COUNT(font));
        letters[i] = font[glyph].name;
        letter(f + HEAD_BYTES, glyph, STEP / 4 + i * (WIDTH - STEP / 2) / CAPTCHA_LETTERS + (int)below(5));
    }
    clutter(f + HEAD_BYTES);
    return os_base64(cx->a, OS_BASE64, f, FILE_BYTES);
}

enum err captcha_make(struct cx *cx, struct captcha *ret)
{
    unsigned char raw[16];
    char letters[CAPTCHA_LETTERS];
    uint32_t one = below(NUMBERS), two = below(NUMBERS);
    os_random(raw, sizeof raw);
    struct captcha c = {.id = os_hex(cx->a, raw, sizeof raw), .image = drawn(cx, letters)};
    str a = tr(cx->lang, number[one]), b = tr(cx->lang, number[two]);
    c.question = arena_fmt(cx->a, tr_format(cx->lang, TR("How much is %.*s plus %.*s?")), FS(a), FS(b));
    TRY(db_exec(cx, NULL, "INSERT INTO captcha (id, letters, total, until) VALUES ($1, $2, $3, $4)", V(c.id),
                V(((str){letters, sizeof letters})), V((int64_t)one + two + 2), V(cx->now_ms + CAPTCHA_MS)));
    *ret = c;
    return E_OK;
}

enum err captcha_solved(struct cx *cx, str id, str answer, bool *ret)
{
    struct db_rows r = {0};
    int64_t total = 0;
    str a = str_trim(answer);
    *ret = false;
    if (!id.n || !a.n) return E_OK;
    TRY(db_query(cx, &r, "SELECT letters, total, until FROM captcha WHERE id = $1", V(id)));
    if (!r.n) return E_OK;
    TRY(db_exec(cx, NULL, "DELETE FROM captcha WHERE id = $1", V(id)));
    bool fits = str_eq_nocase(a, db_str(&r, 0, 0)) || (str_to_int(a, &total) && total == db_int(&r, 0, 1));
    *ret = fits && db_int(&r, 0, 2) >= cx->now_ms;
    return E_OK;
}

/* SPDX-License-Identifier: MIT */
/* tests/fuzz/replay.c - the driver of a fuzz target outside a fuzz build: gives it the empty input and
 * every file of the folders named as arguments once. A find is a crash, so what was counted has passed. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 16 << 20 };
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* False when the file cannot be read whole. The copy has no spare byte, so that ASan sees an overrun. */
static bool replay(const char *dir, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return false;
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    static uint8_t all[FILE_MAX];
    size_t n = fread(all, 1, sizeof all, f);
    bool whole = feof(f) != 0;
    (void)fclose(f);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact || !whole) {
        free(exact);
        return false;
    }
    for (size_t i = 0; i < n; i++) exact[i] = all[i];
    fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return true;
}

int main(int argc, char **argv)
{
    int ok = 1, bad = 0;
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        if (!d) {
            bad++;
            fprintf(stderr, "%s: no such folder\n", argv[i]);
            continue;
        }
        for (struct dirent *e; (e = readdir(d));) {
            if (e->d_name[0] == '.') continue;
            if (replay(argv[i], e->d_name)) ok++;
            else bad++;
        }
        (void)closedir(d);
    }
    printf("replay: %d passed, %d failed\n", ok, bad);
    return bad != 0;
}

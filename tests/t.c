/* SPDX-License-Identifier: MIT */
#include "t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

_Atomic int t_bad, t_all;

void t_str(const char *file, int line, str got, str want)
{
    t_all++;
    if (str_eq(got, want)) return;
    t_bad++;
    fprintf(stderr, "%s:%d: got \"%.*s\", want \"%.*s\"\n", file, line, FS(got), FS(want));
}

void t_int(const char *file, int line, int64_t got, int64_t want)
{
    t_all++;
    if (got == want) return;
    t_bad++;
    fprintf(stderr, "%s:%d: got %" PRId64 ", want %" PRId64 "\n", file, line, got, want);
}

bool t_ok(const char *file, int line, struct cx *cx, enum err e)
{
    t_all++;
    if (e == E_OK) return true;
    t_bad++;
    fprintf(stderr, "%s:%d: %.*s: %.*s (%.*s)\n", file, line, FS(err_info[e].name), FS(cx->msg), FS(cx->at));
    return false;
}

struct cx t_cx(void)
{
    return (struct cx){.a = arena_new(), .lang = S("en"), .country = S("DE"), .now_ms = 1795341600000,
                       .req = S("test")};
}

void t_cx_free(struct cx *cx) { arena_free(&cx->a); }

int t_end(const char *name)
{
    printf("%s: %d passed, %d failed\n", name, t_all - t_bad, t_bad);
    return t_bad != 0;
}

str t_folder(struct arena *a, const char *kind)
{
    const char *tmp = getenv("TMPDIR");
    str path = arena_fmt(a, "%s/kontor-%s-XXXXXX", tmp && *tmp ? tmp : "/tmp", kind);
    T(mkdtemp((char *)(uintptr_t)path.p) != NULL);
    return path;
}

const char *t_last_part(str path)
{
    const char *slash = strrchr(path.p, '/');
    return slash ? slash + 1 : path.p;
}

const char *t_log_away(struct arena *a, str folder, int *ret_was)
{
    const char *log = arena_fmt(a, "%.*s/log", FS(folder)).p;
    int file = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    *ret_was = dup(2);
    T(*ret_was >= 0 && file >= 0 && dup2(file, 2) == 2);
    (void)close(file);
    return log;
}

void t_log_back(int was)
{
    T(dup2(was, 2) == 2);
    (void)close(was);
}

int64_t t_times_in(const char *file, str what)
{
    static char all[1 << 20];
    FILE *f = fopen(file, "r");
    T(f != NULL);
    str s = {all, f ? fread(all, 1, sizeof all, f) : 0};
    if (f) fclose(f);
    int64_t n = 0;
    for (ptrdiff_t at = 0; (at = str_find(s, what)) >= 0; n++) s = str_cut(s, (size_t)at + what.n, s.n);
    return n;
}

/* SPDX-License-Identifier: MIT */
/* backup/files.c - regular files and trees of them: sums, copies, second names. */
#include "backup/backup_int.h"
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

str base_name(str path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '/') n--;
    return str_cut(path, n, path.n);
}

str stem_of(struct cx *cx, str db_path)
{
    return arena_dup(cx->a, str_has_suffix(db_path, S(".db")) ? str_cut(db_path, 0, db_path.n - 3)
                                                              : db_path);
}

bool name_is_safe(str name)
{
    str rest = name, part = {0};
    if (!name.n || name.n > 1024) return false;
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ') return false;
    for (bool more = true; more;) {
        more = str_split(rest, '/', &part, &rest);
        if (!part.n || str_eq(part, S(".")) || str_eq(part, S(".."))) return false;
    }
    return true;
}

/* Reads fd to its end: into the sum and, unless it is -1, into `to`. */
static enum err pump(struct cx *cx, int fd, int to, struct entry *ret)
{
    crypto_hash_sha256_state h;
    unsigned char sha[32];
    char *block = arena_get(cx->a, BLOCK);
    int64_t bytes = 0;
    (void)crypto_hash_sha256_init(&h);
    for (;;) {
        ssize_t got = read(fd, block, BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return os_fail(cx, errno, "read", ret->name);
        if (got == 0) break;
        (void)crypto_hash_sha256_update(&h, (const unsigned char *)block, (unsigned long long)got);
        if (to >= 0) TRY(os_write_all(cx, to, (str){block, (size_t)got}));
        bytes += got;
    }
    (void)crypto_hash_sha256_final(&h, sha);
    ret->bytes = bytes;
    ret->sha = os_hex(cx->a, sha, sizeof sha);
    return E_OK;
}

static enum err open_regular(struct cx *cx, str path, int *ret)
{
    struct stat st = {0};
    int fd = open(arena_z(cx->a, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return os_fail(cx, errno, "open", path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *ret = fd;
        return E_OK;
    }
    (void)close(fd);
    return fail(cx, E_INVALID, "%.*s is not a plain file", FS(path));
}

enum err file_sha(struct cx *cx, str path, struct entry *ret)
{
    OWNED(os_close_fd) int fd = -1;
    struct entry e = {.name = path};
    TRY(open_regular(cx, path, &fd));
    TRY(pump(cx, fd, -1, &e));
    e.name = ret->name;
    *ret = e;
    return E_OK;
}

enum err file_copy(struct cx *cx, str from, str to, struct entry *ret)
{
    OWNED(os_close_fd) int in = -1;
    OWNED(os_close_fd) int out = -1;
    struct entry e = {.name = from};
    TRY(open_regular(cx, from, &in));
    out = open(arena_z(cx->a, to), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0 && errno == EEXIST) return fail(cx, E_CONFLICT, "%.*s is there already", FS(to));
    if (out < 0) return os_fail(cx, errno, "create", to);
    enum err done = pump(cx, in, out, &e);
    if (done == E_OK && fsync(out) != 0) done = os_fail(cx, errno, "fsync", to);
    if (done != E_OK) {
        os_unlink(cx, to);
        return done;
    }
    if (ret) {
        ret->bytes = e.bytes;
        ret->sha = e.sha;
    }
    return E_OK;
}

enum err file_link(struct cx *cx, str from, str to)
{
    if (linkat(AT_FDCWD, arena_z(cx->a, from), AT_FDCWD, arena_z(cx->a, to), 0) == 0) return E_OK;
    if (errno == EEXIST) return fail(cx, E_CONFLICT, "%.*s is there already", FS(to));
    return file_copy(cx, from, to, NULL);
}

bool file_exists(struct cx *cx, str path)
{
    struct stat st = {0};
    return lstat(arena_z(cx->a, path), &st) == 0;
}

enum err folder_is_free(struct cx *cx, str path, bool *ret)
{
    DIR *d = opendir(arena_z(cx->a, path));
    bool is_free = true;
    if (!d && errno == ENOENT) {
        *ret = true;
        return E_OK;
    }
    if (!d && errno == ENOTDIR) {
        *ret = false;
        return E_OK;
    }
    if (!d) return os_fail(cx, errno, "open", path);
    for (const struct dirent *e; is_free && (e = readdir(d));)
        is_free = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    (void)closedir(d);
    *ret = is_free;
    return E_OK;
}

/* ---- trees ---- */

struct tree {
    LIST(struct entry) v;
    bool deep;
};

static enum err tree_add(struct cx *cx, struct tree *t, str root, str rel, int depth);

static enum err tree_one(struct cx *cx, struct tree *t, str root, str rel, int depth)
{
    struct stat st = {0};
    str path = arena_fmt(cx->a, "%.*s/%.*s", FS(root), FS(rel));
    if (lstat(path.p, &st) != 0) return errno == ENOENT ? E_OK : os_fail(cx, errno, "stat", path);
    if (S_ISDIR(st.st_mode)) return t->deep ? tree_add(cx, t, root, rel, depth + 1) : E_OK;
    if (!S_ISREG(st.st_mode)) return E_OK;
    if (t->v.n == TREE_MAX) return fail(cx, E_LIMIT, "more than %d files", TREE_MAX);
    *LIST_ADD(cx->a, &t->v) = (struct entry){.name = rel, .bytes = st.st_size};
    return E_OK;
}

static enum err tree_add(struct cx *cx, struct tree *t, str root, str rel, int depth)
{
    str path = rel.n ? arena_fmt(cx->a, "%.*s/%.*s", FS(root), FS(rel)) : arena_dup(cx->a, root);
    if (depth > PATH_DEPTH) return fail(cx, E_LIMIT, "%.*s: folders too deep", FS(path));
    DIR *d = opendir(path.p);
    if (!d) return errno == ENOENT ? E_OK : os_fail(cx, errno, "open", path);
    enum err e = E_OK;
    for (const struct dirent *f; e == E_OK && (f = readdir(d));) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0) continue;
        str sub = rel.n ? arena_fmt(cx->a, "%.*s/%s", FS(rel), f->d_name)
                        : arena_dup(cx->a, str_from(f->d_name));
        e = tree_one(cx, t, root, sub, depth);
    }
    (void)closedir(d);
    return e;
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

enum err tree_list(struct cx *cx, str root, bool deep, struct entry **ret, size_t *ret_n)
{
    struct tree t = {.deep = deep};
    TRY(tree_add(cx, &t, root, S(""), 0));
    if (t.v.n) qsort(t.v.v, t.v.n, sizeof *t.v.v, by_name);
    *ret = t.v.v;
    *ret_n = t.v.n;
    return E_OK;
}

static void remove_below(struct cx *cx, str path, int depth)
{
    struct stat st = {0};
    DIR *d = depth <= PATH_DEPTH + 1 && lstat(path.p, &st) == 0 && S_ISDIR(st.st_mode)
                 ? opendir(path.p)
                 : NULL;
    if (!d) {
        (void)unlink(path.p);
        return;
    }
    for (const struct dirent *f; (f = readdir(d));)
        if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
            remove_below(cx, arena_fmt(cx->a, "%.*s/%s", FS(path), f->d_name), depth + 1);
    (void)closedir(d);
    (void)rmdir(path.p);
}

void tree_remove(struct cx *cx, str root) { remove_below(cx, arena_dup(cx->a, root), 0); }

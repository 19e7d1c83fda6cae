/* SPDX-License-Identifier: MIT */
/* tests/torture/forgetfs.c - a file system that forgets whatever was not synced when the power goes (FUSE).
 *
 *   forgetfs FOLDER      mounts itself, empty, says "ready" on stdout and serves until SIGTERM, or its parent's death
 *
 * Everything has two states, both in memory: as programs see it, and as it is on the disk. A write or a new length of a
 * file is seen at once and noted; fsync or fdatasync of that file carries its notes to the disk. A name (made, moved,
 * taken away) is a note of its folder and waits for the fsync of the folder: so POSIX has it, and no journal of a real
 * file system is as strict. What moves from one folder into another waits for both. Rights and times are not followed.
 *
 * setxattr(FOLDER, "user.power", ...) is the loss of power, over when the call returns: with "none" no note reaches the
 * disk; with "half SEED" each 512-byte sector does by the toss of a coin, in a folder the first so many notes do
 * (journals keep names in order). What comes back are new inodes: no page that the kernel kept of the old ones can be
 * seen through them, and whoever still has one open gets EIO.
 *
 * A write() is here before it returns, for the kernel holds none back unless asked to. What is written through a shared
 * mapping (SQLite's index, -shm) comes when the kernel likes, at the latest with an fsync, and is lost like all else. */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME = 128, SECTOR = 512, FILE_MAX = 1 << 30 };

struct bytes {
    char *p;
    size_t n, room;
};
struct entry {
    char name[NAME];
    struct node *node;
};
struct names {
    struct entry *v;
    size_t n, room;
};
struct note {
    struct note *next;
    enum { DATA, LENGTH, NAMES } what;
    size_t at, n; /* of a file: n bytes from `at` on, or its new length `at` */
    char *bytes;
    char gone[NAME];   /* of a folder: this name is gone, ... */
    struct entry come; /* ... this one there; either may be "" */
};
struct node {
    mode_t mode;
    uint64_t ino, links;
    uint64_t refs; /* names in either state, in notes, and what the kernel holds */
    int life;      /* how often the power had gone when it was made */
    struct timespec changed;
    struct node *after;         /* what it is since the power came back, when it still has a name */
    struct bytes seen, disk;    /* a file's */
    struct names here, kept;    /* a folder's: as it is seen, and on the disk */
    struct note *first, **last; /* since the last sync, in their order */
};

static struct node *root;
static int life;
static uint64_t made, dice;

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

/* splitmix64 */
static uint64_t toss(void)
{
    uint64_t z = (dice += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* ---- the two states ---- */

static void resize(struct bytes *b, size_t n)
{
    if (n > b->room) {
        b->room = n > 2 * b->room ? n : 2 * b->room;
        b->p = must(realloc(b->p, b->room));
    }
    if (n > b->n) memset(b->p + b->n, 0, n - b->n);
    b->n = n;
}

static void put(struct bytes *b, const char *p, size_t n, size_t at)
{
    if (!n) return;
    if (at + n > b->n) resize(b, at + n);
    memcpy(b->p + at, p, n);
}

static struct entry *find(const struct names *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].name, name) == 0) return &l->v[i];
    return NULL;
}

static struct node *node_new(mode_t mode)
{
    struct node *n = must(calloc(1, sizeof *n));
    n->mode = mode;
    n->ino = ++made;
    n->life = life;
    n->last = &n->first;
    clock_gettime(CLOCK_REALTIME, &n->changed);
    return n;
}

static void let_go(struct node *n, uint64_t refs);

static void notes_drop(struct node *n)
{
    for (struct note *w = n->first, *next; w; w = next) {
        next = w->next;
        if (w->come.node) let_go(w->come.node, 1);
        free(w->bytes);
        free(w);
    }
    n->first = NULL;
    n->last = &n->first;
}

static void names_free(struct names *l)
{
    for (size_t i = 0; i < l->n; i++) let_go(l->v[i].node, 1);
    free(l->v);
}

static void let_go(struct node *n, uint64_t refs)
{
    if ((n->refs -= refs)) return;
    notes_drop(n);
    names_free(&n->here);
    names_free(&n->kept);
    free(n->seen.p);
    free(n->disk.p);
    free(n);
}

static void name_gone(struct names *l, const char *name)
{
    struct entry *e = find(l, name);
    if (!e) return;
    let_go(e->node, 1);
    *e = l->v[--l->n];
}

static void name_come(struct names *l, const struct entry *e)
{
    name_gone(l, e->name);
    if (l->n == l->room) {
        l->room = 2 * l->room + 8;
        l->v = must(realloc(l->v, l->room * sizeof *l->v));
    }
    l->v[l->n++] = *e;
    e->node->refs++;
}

static struct note *note(struct node *n, struct note w)
{
    struct note *c = must(malloc(sizeof *c));
    *c = w;
    c->next = NULL;
    *n->last = c;
    n->last = &c->next;
    clock_gettime(CLOCK_REALTIME, &n->changed);
    return c;
}

static void name_copy(char ret[NAME], const char *name) { (void)snprintf(ret, NAME, "%s", name); }

/* In folder f the name `gone` goes, and `come` is (from now on) this node; either name may be "". */
static void rename_in(struct node *f, const char *gone, const char *come, struct node *n)
{
    struct note w = {.what = NAMES};
    const struct entry *old = find(&f->here, gone), *under = find(&f->here, come);
    name_copy(w.gone, gone);
    name_copy(w.come.name, come);
    if (old) old->node->links--;
    if (under) under->node->links--;
    if (n) {
        w.come.node = n;
        n->links++;
        n->refs++; /* the note's */
        name_come(&f->here, &w.come);
    }
    name_gone(&f->here, gone);
    note(f, w);
}

/* ---- the disk ---- */

static void carry(struct node *n, const struct note *w)
{
    switch (w->what) {
    case DATA: put(&n->disk, w->bytes, w->n, w->at); break;
    case LENGTH: resize(&n->disk, w->at); break;
    case NAMES:
        if (w->come.node) name_come(&n->kept, &w->come);
        name_gone(&n->kept, w->gone);
        break;
    }
}

static void sync_node(struct node *n)
{
    for (const struct note *w = n->first; w; w = w->next) carry(n, w);
    notes_drop(n);
}

/* What of the notes was on its way to the disk when the power went. */
static void carry_half(struct node *n)
{
    uint64_t all = 0;
    for (const struct note *w = n->first; w; w = w->next) all++;
    uint64_t first = toss() % (all + 1);
    for (const struct note *w = n->first; w; w = w->next) {
        if (w->what == NAMES && first-- == 0) return;
        if (w->what == NAMES || (w->what == LENGTH && toss() % 2)) carry(n, w);
        for (size_t i = 0; w->what == DATA && i < w->n; i += SECTOR)
            if (toss() % 2)
                put(&n->disk, w->bytes + i, w->n - i < SECTOR ? w->n - i : SECTOR, w->at + i);
    }
}

/* The same thing after the power came back; what was on the disk moves over. */
static struct node *again(struct node *old, bool half)
{
    if (old->after) return old->after; /* it had two names */
    struct node *n = old->after = node_new(old->mode);
    if (half) carry_half(old);
    n->disk = old->disk;
    old->disk = (struct bytes){0};
    put(&n->seen, n->disk.p, n->disk.n, 0);
    for (size_t i = 0; i < old->kept.n; i++) {
        struct entry e = old->kept.v[i];
        e.node = again(e.node, half);
        e.node->links++;
        name_come(&n->kept, &e);
        name_come(&n->here, &e);
    }
    return n;
}

static void power_goes(bool half)
{
    struct node *old = root;
    life++;
    root = again(old, half);
    root->refs = 1;
    let_go(old, 1);
}

/* ---- what the kernel asks ---- */

/* NULL: it was lost with the power, and that has been answered. */
static struct node *alive(fuse_req_t req, fuse_ino_t ino)
{
    struct node *n = ino == FUSE_ROOT_ID ? root : (struct node *)ino;
    if (n->life == life) return n;
    fuse_reply_err(req, EIO);
    return NULL;
}

static struct stat stat_of(const struct node *n)
{
    struct stat s = {.st_mode = n->mode, .st_ino = n->ino, .st_blksize = 4096};
    s.st_nlink = S_ISDIR(n->mode) ? 2 : n->links;
    s.st_size = (off_t)n->seen.n;
    s.st_blocks = (blkcnt_t)((n->seen.n + SECTOR - 1) / SECTOR);
    s.st_uid = getuid();
    s.st_gid = getgid();
    s.st_mtim = s.st_ctim = s.st_atim = n->changed;
    return s;
}

static void reply_entry(fuse_req_t req, struct node *n)
{
    /* names are asked for each time: after a loss they mean new nodes */
    struct fuse_entry_param e = {.ino = (fuse_ino_t)n, .generation = n->ino, .attr = stat_of(n)};
    n->refs++;
    if (fuse_reply_entry(req, &e) != 0) let_go(n, 1);
}

static void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct node *f = alive(req, parent);
    if (!f) return;
    const struct entry *e = find(&f->here, name);
    if (e) reply_entry(req, e->node);
    else fuse_reply_err(req, ENOENT);
}

static void fs_forget(fuse_req_t req, fuse_ino_t ino, uint64_t times)
{
    if (ino != FUSE_ROOT_ID) let_go((struct node *)ino, times);
    fuse_reply_none(req);
}

static void fs_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    const struct node *n = alive(req, ino);
    (void)fi;
    if (!n) return;
    struct stat s = stat_of(n);
    fuse_reply_attr(req, &s, 0);
}

static void fs_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *to, int what,
                       struct fuse_file_info *fi)
{
    struct node *n = alive(req, ino);
    if (!n) return;
    if (what & FUSE_SET_ATTR_MODE) n->mode = (n->mode & S_IFMT) | (to->st_mode & 07777);
    if (what & FUSE_SET_ATTR_SIZE) {
        if (to->st_size > FILE_MAX) {
            fuse_reply_err(req, EFBIG);
            return;
        }
        resize(&n->seen, (size_t)to->st_size);
        note(n, (struct note){.what = LENGTH, .at = (size_t)to->st_size});
    }
    fs_getattr(req, ino, fi);
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct node *f = alive(req, parent);
    if (!f) return;
    if (strlen(name) >= NAME || find(&f->here, name)) {
        fuse_reply_err(req, strlen(name) >= NAME ? ENAMETOOLONG : EEXIST);
        return;
    }
    struct node *n = node_new(mode);
    rename_in(f, "", name, n);
    reply_entry(req, n);
}

static void fs_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    make(req, parent, name, S_IFDIR | mode);
}

static void fs_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
    (void)dev;
    if (S_ISREG(mode) || S_ISSOCK(mode)) make(req, parent, name, mode);
    else fuse_reply_err(req, EPERM);
}

static void fs_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct node *f = alive(req, parent);
    if (!f) return;
    const struct entry *e = find(&f->here, name);
    bool full = e && e->node->here.n;
    if (e && !full) rename_in(f, name, "", NULL);
    fuse_reply_err(req, !e ? ENOENT : full ? ENOTEMPTY : 0);
}

static void fs_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to,
                      const char *new_name, unsigned flags)
{
    struct node *from = alive(req, parent), *into = from ? alive(req, to) : NULL;
    if (!into) return;
    const struct entry *e = find(&from->here, name), *under = find(&into->here, new_name);
    int refused = flags ? EINVAL : strlen(new_name) >= NAME ? ENAMETOOLONG : !e ? ENOENT : 0;
    if (!refused && under && under->node->here.n) refused = ENOTEMPTY;
    if (!refused && (!under || under->node != e->node)) {
        rename_in(into, into == from ? name : "", new_name, e->node);
        if (into != from) rename_in(from, name, "", NULL);
    }
    fuse_reply_err(req, refused);
}

static void fs_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    struct node *n = alive(req, ino), *f = n ? alive(req, parent) : NULL;
    if (!f) return;
    if (strlen(name) >= NAME) {
        fuse_reply_err(req, ENAMETOOLONG);
        return;
    }
    rename_in(f, "", name, n); /* that there is none yet the kernel has asked */
    reply_entry(req, n);
}

static void fs_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
    if (!alive(req, ino)) return;
    fi->keep_cache = 1; /* nobody changes a file behind the kernel's back */
    fuse_reply_open(req, fi);
}

static void fs_read(fuse_req_t req, fuse_ino_t ino, size_t n, off_t off, struct fuse_file_info *fi)
{
    const struct node *f = alive(req, ino);
    (void)fi;
    if (!f) return;
    size_t at = (size_t)off < f->seen.n ? (size_t)off : f->seen.n;
    fuse_reply_buf(req, f->seen.p ? f->seen.p + at : NULL, n < f->seen.n - at ? n : f->seen.n - at);
}

static void fs_write(fuse_req_t req, fuse_ino_t ino, const char *p, size_t n, off_t off,
                     struct fuse_file_info *fi)
{
    struct node *f = alive(req, ino);
    (void)fi;
    if (!f) return;
    if (off > FILE_MAX - (off_t)n) {
        fuse_reply_err(req, EFBIG);
        return;
    }
    struct note w = {.what = DATA, .at = (size_t)off, .n = n, .bytes = must(malloc(n + 1))};
    memcpy(w.bytes, p, n);
    put(&f->seen, p, n, w.at);
    note(f, w);
    fuse_reply_write(req, n);
}

static void fs_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *fi)
{
    struct node *n = alive(req, ino);
    (void)fi, (void)data_only; /* fdatasync owes the length, too, and that is all we have */
    if (!n) return;
    sync_node(n);
    fuse_reply_err(req, 0);
}

static void fs_readdir(fuse_req_t req, fuse_ino_t ino, size_t n, off_t from,
                       struct fuse_file_info *fi)
{
    const struct node *f = alive(req, ino);
    (void)fi;
    if (!f) return;
    char *buf = must(malloc(n));
    size_t used = 0;
    for (size_t i = (size_t)from; i < f->here.n; i++) {
        struct stat s = stat_of(f->here.v[i].node);
        size_t one =
            fuse_add_direntry(req, buf + used, n - used, f->here.v[i].name, &s, (off_t)i + 1);
        if (one > n - used) break;
        used += one;
    }
    fuse_reply_buf(req, buf, used);
    free(buf);
}

/* Never full: who looks before he writes is to go on. */
static void fs_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct statvfs s = {
        .f_bsize = 4096, .f_frsize = 4096, .f_blocks = FILE_MAX, .f_namemax = NAME - 1};
    (void)ino;
    s.f_bfree = s.f_bavail = s.f_blocks;
    s.f_files = s.f_ffree = s.f_favail = FILE_MAX;
    fuse_reply_statfs(req, &s);
}

static void fs_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
                        size_t n, int flags)
{
    static const char half[] = "half ", none[] = "none";
    bool is_half = n >= sizeof half && memcmp(value, half, sizeof half - 1) == 0;
    (void)flags;
    if (ino != FUSE_ROOT_ID || strcmp(name, "user.power") != 0) {
        fuse_reply_err(req, ENOTSUP);
        return;
    }
    if (!is_half && (n != sizeof none - 1 || memcmp(value, none, n) != 0)) {
        fuse_reply_err(req, EINVAL);
        return;
    }
    dice = 0;
    for (size_t i = sizeof half - 1; is_half && i < n; i++)
        dice = 10 * dice + (uint64_t)(value[i] - '0');
    power_goes(is_half);
    fuse_reply_err(req, 0);
}

/* We are alone: when a file's time has moved, that is no reason to drop its pages under those who map them. */
static void fs_init(void *arg, struct fuse_conn_info *conn)
{
    (void)arg;
    /* a file is cut by its size alone: an open that cuts would not be told */
    conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ATOMIC_O_TRUNC);
}

static const struct fuse_lowlevel_ops ops = {
    .init = fs_init,
    .lookup = fs_lookup,
    .forget = fs_forget,
    .getattr = fs_getattr,
    .setattr = fs_setattr,
    .mknod = fs_mknod,
    .mkdir = fs_mkdir,
    .unlink = fs_unlink,
    .rmdir = fs_unlink,
    .rename = fs_rename,
    .link = fs_link,
    .open = fs_open,
    .read = fs_read,
    .write = fs_write,
    .fsync = fs_fsync,
    .fsyncdir = fs_fsync,
    .readdir = fs_readdir,
    .statfs = fs_statfs,
    .setxattr = fs_setxattr,
};

static int serve(struct fuse_session *se, const char *folder)
{
    if (fuse_set_signal_handlers(se) != 0) return 1;
    if (fuse_session_mount(se, folder) != 0) return 1;
    int rc = printf("ready\n") < 0 || fflush(stdout) != 0;
    if (!rc) rc = fuse_session_loop(se);
    fuse_session_unmount(se);
    return rc > 0 ? 0 : -rc; /* above 0: the signal that ended it */
}

int main(int argc, char **argv)
{
    static char o[] = "-o", options[] = "fsname=forgetfs,default_permissions";
    if (argc != 2 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return 2;
    char *args[] = {argv[0], o, options, NULL};
    struct fuse_args a = FUSE_ARGS_INIT(3, args);
    root = node_new(S_IFDIR | 0700);
    root->refs = 1;
    struct fuse_session *se = fuse_session_new(&a, &ops, sizeof ops, NULL);
    if (!se) return 1;
    int rc = serve(se, argv[1]);
    fuse_session_destroy(se);
    fuse_opt_free_args(&a);
    return rc;
}

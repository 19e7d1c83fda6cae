/* SPDX-License-Identifier: MIT */
/* No acknowledged write is lost: a child writes from 16 threads and tells each return of db_write on a
 * pipe; it is killed at a random moment; the database is opened again and compared with what was told.
 *
 *   test_db_kill ROUNDS kill                     the process dies, the machine lives
 *   test_db_kill ROUNDS power PLSIM.so           the power goes: what was not synced is gone, or torn
 *   test_db_kill ROUNDS caught PLSIM.so WHICH    a sabotaged build (1 NORMAL, 2 answers first, 3 no fsync)
 *                                                must lose something within the rounds
 *   test_db_kill ROUNDS forget FORGETFS          the power goes under a file system (forgetfs.c): asked by the
 *   test_db_kill ROUNDS forgot FORGETFS WHICH    kernel, whatever library or mapping wrote; the same, sabotaged
 */
#include "db/db.h"
#include "forget.h"
#include "plsim.h"
#include "../t.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 16, ACK_FD = 3, SECTOR = 512, NOTE_MAX = 1 << 17, FRESH_EVERY = 25, LONG = 500, SHOW_EVERY = 100, PATH = 256 };

static uint32_t rnd(uint32_t below)
{
    uint32_t r = 0;
    if (getrandom(&r, sizeof r, 0) != (ssize_t)sizeof r) abort();
    return r % below;
}

/* ---- the child ---- */

static enum err put(struct cx *cx, void *arg)
{
    TRY(db_exec(cx, NULL, "INSERT INTO acked(id, text) VALUES($1, $2)", V(*(int64_t *)arg),
                V(S("some text of a record"))));
    return db_exec(cx, NULL, "UPDATE tally SET n = n + 1");
}

struct worker {
    struct dbase *b;
    int64_t first;
};

/* Every other thread writes without waiting: there the writer itself tells what is durable. */
struct later {
    struct cx cx;
    int64_t id;
    sem_t told;
};
static void told(struct cx *cx, void *arg, enum err e)
{
    struct later *l = (struct later *)(void *)cx;
    (void)arg;
    if (e != E_OK) _exit(3);
    if (write(ACK_FD, &l->id, sizeof l->id) != (ssize_t)sizeof l->id) _exit(4);
    if (sem_post(&l->told) != 0) _exit(6);
}
static void later_main(const struct worker *w)
{
    struct later l = {.cx = t_cx(), .id = w->first};
    if (sem_init(&l.told, 0, 0) != 0) _exit(6);
    for (;; l.id++) {
        dbase_write_later(w->b, &l.cx, put, &l.id, told);
        while (sem_wait(&l.told) != 0) {
        }
        arena_reset(l.cx.a);
    }
}
static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct cx cx = t_cx();
    if (w->first / 100000 % 2) later_main(w);
    for (int64_t id = w->first;; id++) {
        cx.db = db_get(w->b);
        if (db_write(&cx, put, &id) != E_OK) _exit(3);
        db_put(&cx.db);
        arena_reset(cx.a);
        if (write(ACK_FD, &id, sizeof id) != (ssize_t)sizeof id) _exit(4);
    }
}

static int child(str url, int64_t first, int sabotage, bool no_mmap)
{
    static const enum db_sabotage which[] = {DB_HONEST, DB_SYNC_NORMAL, DB_ANSWER_FIRST,
                                             DB_SKIP_FSYNC};
    struct cx cx = t_cx();
    struct db_opts o = {
        .url = url, .readers = WRITERS, .no_mmap = no_mmap, .sabotage = which[sabotage]};
    struct worker w[WRITERS] = {0};
    pthread_t th[WRITERS];
    struct dbase *b = NULL;
    if (dbase_open(&cx, &o, &b) != E_OK) return 2;
    for (int i = 0; i < WRITERS; i++) {
        w[i] = (struct worker){b, first + i * 100000};
        if (pthread_create(&th[i], NULL, worker_main, &w[i]) != 0) return 2;
    }
    pthread_join(th[0], NULL);
    return 5;
}

/* ---- the parent ---- */

struct house {
    char folder[PATH], data[PATH], shadow[PATH]; /* folder/data/k.db, folder/shadow/k.db */
    str url;
    const char *self, *how, *plsim, *forgetfs; /* the recorder or the file system, or neither */
    pid_t fs;    /* who serves `data`; 0: it is a folder like others */
    bool caught; /* something must be lost */
    int sabotage, all, rounds, lost_rounds;
    int64_t acks;
};
typedef LIST(int64_t) ids;

/* Empties a folder; with `from`, fills it with that folder's files. */
static bool refill(const char *folder, const char *from)
{
    char cmd[8 * PATH];
    (void)snprintf(cmd, sizeof cmd, "rm -rf '%s'/*; [ -z '%s' ] || cp '%s'/* '%s'/", folder, from,
                   from, folder);
    return system(cmd) == 0;
}

static pid_t spawn(const struct house *h, int64_t first, int ack_fd)
{
    char n[32], s[16], preload[2 * PATH], pl_dir[2 * PATH], pl_shadow[2 * PATH];
    (void)snprintf(n, sizeof n, "%" PRId64, first);
    (void)snprintf(s, sizeof s, "%d", h->sabotage);
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", h->plsim ? h->plsim : "");
    (void)snprintf(pl_dir, sizeof pl_dir, "KONTOR_PL_DIR=%s", h->data);
    (void)snprintf(pl_shadow, sizeof pl_shadow, "KONTOR_PL_SHADOW=%s", h->shadow);
    char *argv[] = {(char *)(uintptr_t)h->self,
                    (char *)(uintptr_t) "child",
                    (char *)(uintptr_t)h->url.p,
                    n,
                    s,
                    (char *)(uintptr_t)(h->fs ? "map" : "read"),
                    NULL};
    char *env[] = {pl_dir, pl_shadow, h->plsim ? preload : NULL, NULL};
    pid_t pid = fork();
    if (pid) return pid;
    if (ack_fd != ACK_FD) dup2(ack_fd, ACK_FD);
    execve(h->self, argv, env);
    _exit(127);
}

/* Reads what comes until the deadline, or to the end when ms < 0. */
static void read_acks(struct cx *cx, int fd, int ms, ids *ret)
{
    int64_t got[512], until = clock_ms() + ms;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = ms < 0 ? -1 : until - clock_ms();
        if (ms >= 0 && (left <= 0 || poll(&p, 1, (int)left) <= 0)) return;
        ssize_t n = read(fd, got, sizeof got);
        if (n <= 0) return;
        for (size_t i = 0; i < (size_t)n / sizeof got[0]; i++) *LIST_ADD(cx->a, ret) = got[i];
    }
}

/* Of the notes that were never synced each sector reaches the disk with an even chance. */
static void tear(struct cx *cx, const struct house *h, const char *name)
{
    char from[2 * PATH], to[2 * PATH];
    struct pl_note n = {0};
    char *p = arena_get(cx->a, NOTE_MAX);
    (void)snprintf(from, sizeof from, "%s/%s.pend", h->shadow, name);
    (void)snprintf(to, sizeof to, "%s/%s", h->shadow, name);
    int f = open(from, O_RDONLY | O_CLOEXEC), g = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (f >= 0 && g >= 0 && read(f, &n, sizeof n) == (ssize_t)sizeof n && n.n <= NOTE_MAX) {
        if (n.op == PL_TRUNCATE) {
            if (rnd(2)) T(ftruncate(g, n.off) == 0);
            continue;
        }
        if (read(f, p, n.n) != (ssize_t)n.n) break;
        for (size_t at = 0; at < n.n; at += SECTOR) {
            size_t len = n.n - at < SECTOR ? n.n - at : SECTOR;
            if (rnd(2)) T(pwrite(g, p + at, len, n.off + (off_t)at) == (ssize_t)len);
        }
    }
    if (f >= 0) close(f);
    if (g >= 0) close(g);
}

static void power_comes_back(struct cx *cx, const struct house *h)
{
    static const char *const recorded[] = {"k.db", "k.db-wal"};
    bool torn = rnd(2);
    for (size_t i = 0; i < COUNT(recorded); i++) {
        char pend[2 * PATH];
        if (torn) tear(cx, h, recorded[i]);
        (void)snprintf(pend, sizeof pend, "%s/%s.pend", h->shadow, recorded[i]);
        unlink(pend);
    }
    T(refill(h->data, h->shadow));
}

static enum err make(struct cx *cx, void *arg)
{
    (void)arg;
    TRY(db_ddl(cx, S("CREATE TABLE acked(id @ID, text TEXT); CREATE TABLE tally(n BIGINT);"
                     " CREATE INDEX acked_text ON acked(text)")));
    return db_exec(cx, NULL, "INSERT INTO tally(n) VALUES(0)");
}

static void fresh(struct cx *cx, const struct house *h)
{
    struct dbase *b = NULL;
    T(refill(h->data, ""));
    if (!T_OK(cx,
              dbase_open(cx, &(struct db_opts){.url = h->url, .create = true, .readers = 1}, &b)))
        exit(1);
    cx->db = db_get(b);
    T_OK(cx, db_write(cx, make, NULL));
    db_put(&cx->db);
    dbase_close(&b);
}

static bool is_there(struct cx *cx, int64_t id)
{
    struct db_rows r = {0};
    struct arena_mark m = arena_mark(cx->a);
    bool ok = db_query(cx, &r, "SELECT id FROM acked WHERE id = $1", V(id)) == E_OK && r.n == 1;
    arena_back(cx->a, m);
    return ok;
}

static bool all_there(struct cx *cx, const ids *acked)
{
    struct db_rows r = {0}, t = {0};
    for (size_t i = 0; i < acked->n; i++)
        if (!is_there(cx, acked->v[i])) return false;
    /* whole transactions: as many rows as were counted */
    if (db_query(cx, &r, "SELECT count(*) FROM acked") != E_OK ||
        db_query(cx, &t, "SELECT n FROM tally") != E_OK)
        return false;
    return db_int(&r, 0, 0) == db_int(&t, 0, 0);
}

static bool survived(struct cx *cx, const struct house *h, const ids *acked)
{
    struct dbase *b = NULL;
    struct db_report rep = {0};
    int64_t t0 = clock_ms();
    if (dbase_open(cx, &(struct db_opts){.url = h->url, .readers = 1}, &b) != E_OK) return false;
    T(clock_ms() - t0 < 5000);
    cx->db = db_get(b);
    bool ok = all_there(cx, acked);
    db_put(&cx->db);
    dbase_close(&b);
    return dbase_check(cx, str_from(h->url.p + 7), &rep) == E_OK && rep.integrity_ok && ok;
}

static void round_run(struct house *h, int n)
{
    struct cx cx = t_cx();
    ids acked = {0};
    int fd[2] = {-1, -1}, status = 0;
    if (n % FRESH_EVERY == 0) fresh(&cx, h);
    if (h->plsim) T(refill(h->shadow, h->data));
    if (pipe2(fd, O_CLOEXEC) != 0) abort();
    pid_t pid = spawn(h, ((int64_t)n + 1) * 10000000, fd[1]);
    close(fd[1]);
    while (!acked.n) { /* until it lives */
        read_acks(&cx, fd[0], 5, &acked);
        if (waitpid(pid, &status, WNOHANG) == pid) break;
    }
    read_acks(&cx, fd[0], (int)rnd(40), &acked);
    kill(pid, SIGKILL);
    read_acks(&cx, fd[0], -1, &acked);
    close(fd[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 0) waitpid(pid, &status, 0);
    T(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    if (h->plsim) power_comes_back(&cx, h);
    if (h->fs) T(forget_power(h->data, rnd(2), rnd(UINT32_MAX)));
    h->acks += (int64_t)acked.n;
    if (!survived(&cx, h, &acked)) {
        h->lost_rounds++;
        fresh(&cx, h);
    }
    t_cx_free(&cx);
}

static bool house_build(struct cx *cx, struct house *h)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(h->folder, sizeof h->folder, "%s/kontor-kill-XXXXXX", where);
    if (!mkdtemp(h->folder)) return false;
    (void)snprintf(h->data, sizeof h->data, "%.200s/data", h->folder);
    (void)snprintf(h->shadow, sizeof h->shadow, "%.200s/shadow", h->folder);
    h->url = arena_fmt(cx->a, "sqlite:%s/k.db", h->data);
    return mkdir(h->data, 0700) == 0 && mkdir(h->shadow, 0700) == 0;
}

static void house_raze(const struct house *h)
{
    T(refill(h->data, "") && refill(h->shadow, ""));
    T(rmdir(h->data) == 0 && rmdir(h->shadow) == 0 && rmdir(h->folder) == 0);
}

static int child_main(char **argv)
{
    int64_t first = 0, sabotage = 0;
    if (!str_to_int(str_from(argv[3]), &first) || !str_to_int(str_from(argv[4]), &sabotage))
        return 2;
    if (sabotage < 0 || sabotage > 3) return 2;
    return child(str_from(argv[2]), first, (int)sabotage, strcmp(argv[5], "read") == 0);
}

static void rounds_run(struct house *h)
{
    for (; h->rounds < h->all && !(h->caught && h->lost_rounds); h->rounds++) {
        round_run(h, h->rounds);
        if (h->all < LONG || (h->rounds + 1) % SHOW_EVERY != 0) continue;
        fprintf(stderr, "%s: round %d of %d, %" PRId64 " acknowledged, %d rounds lost something\n", h->how,
                h->rounds + 1, h->all, h->acks, h->lost_rounds);
    }
}

static bool parse(struct house *h, int argc, char **argv)
{
    int64_t rounds = 0, sabotage = 0;
    if (argc < 3 || !str_to_int(str_from(argv[1]), &rounds)) return false;
    const char *how = argv[2], *with = argc > 3 ? argv[3] : NULL;
    bool forgets = strcmp(how, "forget") == 0 || strcmp(how, "forgot") == 0;
    h->caught = strcmp(how, "caught") == 0 || strcmp(how, "forgot") == 0;
    if ((forgets || h->caught) && !with) return false;
    if (h->caught && (argc < 5 || !str_to_int(str_from(argv[4]), &sabotage))) return false;
    h->how = how;
    h->all = (int)rounds;
    h->sabotage = (int)sabotage;
    h->plsim = forgets ? NULL : with;
    h->forgetfs = forgets ? with : NULL;
    return true;
}

static void house_live(struct house *h)
{
    if (h->forgetfs) {
        h->fs = forget_mount(h->forgetfs, h->data);
        T(h->fs > 0);
    }
    if (h->fs >= 0) rounds_run(h);
    printf("%s: %d rounds, %" PRId64 " acknowledged, %d rounds lost something\n", h->how, h->rounds,
           h->acks, h->lost_rounds);
    T(h->caught ? h->lost_rounds > 0 : h->lost_rounds == 0);
    if (h->fs > 0) T(forget_end(h->fs, h->data));
    house_raze(h);
}

int main(int argc, char **argv)
{
    struct house h = {.self = "/proc/self/exe"};
    if (argc == 6 && strcmp(argv[1], "child") == 0) return child_main(argv);
    if (!parse(&h, argc, argv)) return 2;
    const char *refused = h.forgetfs ? forget_refused() : NULL;
    if (refused) {
        printf("not possible here: %s; not tried\n", refused);
        T(refused != NULL);
        return t_end("db_kill: not possible here");
    }
    struct cx cx = t_cx();
    if (!house_build(&cx, &h)) return 2;
    house_live(&h);
    t_cx_free(&cx);
    return t_end("db_kill");
}

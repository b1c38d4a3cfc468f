/* Ends the process at the Nth step it takes to the files below one path: a write is torn in half, the rest never happens.
 *
 * Loaded with LD_PRELOAD; `die_at(n, path)` arms it, 0 only counts, and `steps_taken()` says how many steps there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long taken, fatal;
static char watched[4096];

void die_at(long n, const char *path) {
    taken = 0;
    fatal = n;
    strncpy(watched, path, sizeof watched - 1);
}

long steps_taken(void) { return taken; }

static int is_named(const char *path) { return watched[0] && strncmp(path, watched, strlen(watched)) == 0; }

static int is_watched(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_named(path);
}

/* True when this step is the last one. */
static int is_last(void) { return ++taken == fatal; }

static void die(void) { kill(getpid(), SIGKILL); }

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (is_watched(fd) && is_last()) { real(fd, data, size / 2); die(); }
    return real(fd, data, size);
}

#define POSITIONED(name) \
    ssize_t name(int fd, const void *data, size_t size, off_t at) { \
        REAL(ssize_t, #name, int, const void *, size_t, off_t); \
        if (is_watched(fd) && is_last()) { real(fd, data, size / 2, at); die(); } \
        return real(fd, data, size, at); \
    }
POSITIONED(pwrite)
POSITIONED(pwrite64)

#define ON_FILE(name) \
    int name(int fd) { \
        REAL(int, #name, int); \
        if (is_watched(fd) && is_last()) die(); \
        return real(fd); \
    }
ON_FILE(fsync)
ON_FILE(fdatasync)

#define TO_LENGTH(name) \
    int name(int fd, off_t length) { \
        REAL(int, #name, int, off_t); \
        if (is_watched(fd) && is_last()) die(); \
        return real(fd, length); \
    }
TO_LENGTH(ftruncate)
TO_LENGTH(ftruncate64)

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (is_named(path) && is_last()) die();
    return real(path);
}

/* What tidies a folder up names its files relative to that folder. */
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    if ((folder == AT_FDCWD ? is_named(path) : is_watched(folder)) && is_last()) die();
    return real(folder, path, flags);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (is_named(to) && is_last()) die();
    return real(from, to);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    if (is_named(path) && is_last()) die();
    return real(path, mode);
}

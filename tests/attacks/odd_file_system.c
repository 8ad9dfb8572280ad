/* Lets some calls fail as they do on file systems that lack them: ODD names which. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int lacks(const char *what) {
    const char *odd = getenv("ODD");
    return odd != NULL && strstr(odd, what) != NULL;
}

static int fails(int with) {
    errno = with;
    return -1;
}

static int is_folder(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

int flock(int fd, int operation) {
    if (lacks("flock")) return fails(ENOLCK);
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, operation);
}

int link(const char *from, const char *to) {
    if (lacks("link")) return fails(EPERM);
    return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link"))(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
    if (lacks("link")) return fails(EPERM);
    return ((int (*)(int, const char *, int, const char *, int))dlsym(RTLD_NEXT, "linkat"))(
        a, from, b, to, flags);
}

int fsync(int fd) {
    if (lacks("flush") && (lacks("flush-files") || is_folder(fd))) return fails(EINVAL);
    if (lacks("broken")) return fails(EIO);
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int posix_fadvise(int fd, long offset, long size, int advice) {
    if (lacks("advice")) return ENOSYS;
    return ((int (*)(int, long, long, int))dlsym(RTLD_NEXT, "posix_fadvise"))(
        fd, offset, size, advice);
}

/* The rename takes place, and is said to have failed: a network file system's lost answer. */
int rename(const char *from, const char *to) {
    int done = ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(from, to);
    if (done == 0 && lacks("answers")) return fails(EIO);
    return done;
}

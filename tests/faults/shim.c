/* Preloaded, this makes system calls of a program fail in the ways that their manual
 * pages allow, and that are rare enough to be forgotten. FAULTS names a file that is
 * mapped, so that the rates can be changed while the program runs; FAULT_SEED starts
 * the random numbers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The content of the file: percentages, and the errno of accept(). faulty.py writes it.
 */
typedef struct rates {
    uint8_t one;    /* a transfer on a socket moves one byte */
    uint8_t part;   /* a transfer on a socket moves fewer bytes than it could */
    uint8_t eintr;  /* a transfer on a socket, accept() or a wait is interrupted */
    uint8_t eagain; /* a transfer on a socket that does not block has to wait */
    uint8_t accept; /* accept() fails */
    uint8_t accept_errno;
    uint8_t malloc; /* an allocation fails */
} rates;

static const rates none;
static const volatile rates *current = &none;
static __thread uint64_t state;
static uint64_t seed = 1;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FAULTS"), *number = getenv("FAULT_SEED");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = mmap(NULL, sizeof(rates), PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        abort(); /* a test without its faults would prove nothing */
    close(fd);
    seed = number ? strtoull(number, NULL, 10) | 1 : 1;
    current = map;
}

/* xorshift64 */
static uint64_t next(void) {
    state = state ? state : seed * 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 11;
}

static bool happens(uint8_t percent) {
    return percent > 0 && next() % 100 < percent;
}

/* The function that this file hides. */
#define REAL(name)                                                                     \
    __extension__({                                                                    \
        static __typeof__(&name) real;                                                 \
        if (!real)                                                                     \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
        real;                                                                          \
    })

/* ---- transfers ---- */

/* Others, such as those with which a program wakes itself, never have to wait. */
static bool is_internet(int fd) {
    int domain = 0, error = errno;
    socklen_t len = sizeof domain;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
    errno = error;
    return domain == AF_INET || domain == AF_INET6;
}

/* Whether a transfer fails; sets errno. */
static bool fails(int fd, int flags) {
    if (!is_internet(fd))
        return false;
    bool waits = !(flags & MSG_DONTWAIT) && !(fcntl(fd, F_GETFL) & O_NONBLOCK);
    int error = happens(current->eintr)              ? EINTR
                : !waits && happens(current->eagain) ? EAGAIN
                                                     : 0;
    errno = error ? error : errno;
    return error != 0;
}

static size_t shorten(int fd, size_t len) {
    if (len < 2 || !is_internet(fd))
        return len;
    if (happens(current->one))
        return 1;
    return happens(current->part) ? 1 + next() % (len - 1) : len;
}

ssize_t recv(int fd, void *to, size_t len, int flags) {
    if (fails(fd, flags))
        return -1;
    return REAL(recv)(fd, to, shorten(fd, len), flags);
}

ssize_t send(int fd, const void *from, size_t len, int flags) {
    if (fails(fd, flags))
        return -1;
    return REAL(send)(fd, from, shorten(fd, len), flags);
}

ssize_t read(int fd, void *to, size_t len) {
    if (fails(fd, 0))
        return -1;
    return REAL(read)(fd, to, shorten(fd, len));
}

ssize_t write(int fd, const void *from, size_t len) {
    if (fails(fd, 0))
        return -1;
    return REAL(write)(fd, from, shorten(fd, len));
}

/* Of several pieces, a shortened transfer moves a part of the first. */
static bool shorten_pieces(int fd, const struct iovec *pieces, struct iovec *first) {
    *first = (struct iovec){pieces->iov_base, shorten(fd, pieces->iov_len)};
    return first->iov_len < pieces->iov_len;
}

ssize_t readv(int fd, const struct iovec *pieces, int count) {
    struct iovec first;
    if (fails(fd, 0))
        return -1;
    if (count > 0 && shorten_pieces(fd, pieces, &first))
        return REAL(readv)(fd, &first, 1);
    return REAL(readv)(fd, pieces, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    struct iovec first;
    if (fails(fd, 0))
        return -1;
    if (count > 0 && shorten_pieces(fd, pieces, &first))
        return REAL(writev)(fd, &first, 1);
    return REAL(writev)(fd, pieces, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    struct msghdr shorter = *message;
    struct iovec first;
    if (fails(fd, flags))
        return -1;
    if (message->msg_iovlen > 0 && shorten_pieces(fd, message->msg_iov, &first)) {
        shorter.msg_iov = &first;
        shorter.msg_iovlen = 1;
    }
    return REAL(sendmsg)(fd, &shorter, flags);
}

/* ---- accepting and waiting ---- */

static bool accept_fails(void) {
    if (happens(current->eintr))
        errno = EINTR;
    else if (happens(current->accept))
        errno = current->accept_errno;
    else
        return false;
    return true;
}

int accept(int fd, struct sockaddr *address, socklen_t *len) {
    return accept_fails() ? -1 : REAL(accept)(fd, address, len);
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags) {
    return accept_fails() ? -1 : REAL(accept4)(fd, address, len, flags);
}

static bool wait_fails(void) {
    bool fails = happens(current->eintr);
    errno = fails ? EINTR : errno;
    return fails;
}

int epoll_wait(int fd, struct epoll_event *events, int count, int milliseconds) {
    return wait_fails() ? -1 : REAL(epoll_wait)(fd, events, count, milliseconds);
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds) {
    return wait_fails() ? -1 : REAL(poll)(fds, count, milliseconds);
}

/* ---- memory ---- */

/* The functions of glibc, since dlsym() itself allocates. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static bool no_memory(void) {
    bool fails = happens(current->malloc);
    errno = fails ? ENOMEM : errno;
    return fails;
}

void *malloc(size_t size) {
    return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return no_memory() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return no_memory() ? NULL : __libc_realloc(block, size);
}

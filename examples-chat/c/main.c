/* A server of the chat that PROTOCOL.md describes, on epoll, with a thread for each
 * processor. Read the headers in this order:
 *
 *   worker.h     a thread: its loop, and what it owns
 *   client.h     a connection: its states and time limits
 *   output.h     bytes to a client; encoder.h: one frame for many clients
 *   handshake.h  what comes before the frames, plain HTTP included
 *   websocket.h  the frames
 *   chat.h       what messages do: message.h, join.h, say.h
 *   room.h       a room: how nothing is lost or shown twice; presence.h: who is in it
 *   link.h       the link to Redis
 *   drain.h      how a worker ends
 *
 * This file starts the threads, and waits for signals. */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "clock.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "worker.h"

static worker workers[MAX_THREADS];
static int done_fd; /* an eventfd: a worker has ended */

/* ---- signals ---- */

/* The threads that are started later inherit the mask. */
static int open_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* hiredis uses write() */
    int fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (fd < 0)
        die("signalfd", strerror(errno));
    return fd;
}

static void start_draining(void) {
    log_event(LOG_INFO, "draining", NULL, NO_FIELDS);
    atomic_store(&draining_since, clock_ms());
    for (long i = 0; i < options.threads; i++)
        worker_wake(&workers[i]);
}

static void on_signal(int fd) {
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != sizeof info)
        return;
    if (is_draining()) {
        log_event(LOG_WARNING, "stopped", NULL,
                  text_field("reason", "a second signal"));
        _exit(1);
    }
    start_draining();
}

/* Returns when all workers have ended. */
static void wait_for_end(int signals) {
    struct pollfd fds[] = {{signals, POLLIN, 0}, {done_fd, POLLIN, 0}};
    uint64_t ended = 0, more;
    while (ended < (uint64_t)options.threads) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            die("poll", strerror(errno));
        if (fds[0].revents & POLLIN)
            on_signal(signals);
        if (fds[1].revents & POLLIN && read(done_fd, &more, sizeof more) > 0)
            ended += more;
    }
}

/* ---- threads ---- */

static void *run_worker(void *data) {
    const uint64_t one = 1;
    worker_run(data);
    if (write(done_fd, &one, sizeof one) < 0)
        die("eventfd", strerror(errno));
    return NULL;
}

static void start_workers(void) {
    int fds[WORKER_LISTENERS];
    int count = start_listening("http", options.host, options.port, true, fds,
                                WORKER_LISTENERS);
    for (long i = 0; i < options.threads; i++) {
        worker *w = &workers[i];
        w->index = i;
        w->listener_count = count;
        for (int k = 0; k < count; k++)
            w->listeners[k].fd = i == 0 ? fds[k] : listen_again(fds[k]);
        if (!worker_start(w))
            die("a thread", strerror(errno));
    }
    for (long i = 0; i < options.threads; i++)
        if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0)
            die("pthread_create", "cannot start a thread");
}

/* Each connection needs a descriptor. */
static void raise_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
    set_program(argv[0]);
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line of the log is one write() */
    read_options(argc, argv);
    raise_limit();
    srandom((unsigned)(getpid() ^ clock_ms())); /* for the delays of link.c */
    int signals = open_signals();
    done_fd = eventfd(0, EFD_CLOEXEC);
    if (done_fd < 0)
        die("eventfd", strerror(errno));
    start_workers();
    wait_for_end(signals);
    for (long i = 0; i < options.threads; i++)
        pthread_join(workers[i].thread, NULL);
    free(options.page);
    return 0;
}

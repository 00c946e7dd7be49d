/* A worker: a thread with its own sockets that listen, its own clients and rooms, and
 * its own connections to Redis. Workers share only figures (counters.h), the numbers of
 * WebSockets (addresses.h, connections_open) and whether the process is draining.
 *
 * A worker waits in epoll. What epoll reports goes to a source: a client, a listener, a
 * connection to Redis, the signal to drain. Nothing is freed and nothing is sent while
 * these handle their events: clients that have gone, and those that have output, are
 * put on lists, which are worked off before the worker waits again. */
#ifndef WORKER_H
#define WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder.h"
#include "link.h"
#include "source.h"

enum { READ_SIZE = 64 << 10, WORKER_LISTENERS = 8, ROOM_SLOTS = 1024 };

struct client;
struct room;
struct worker;

typedef struct listener {
    source source;
    struct worker *worker;
    int fd;
    bool is_paused; /* a client could not be accepted */
} listener;

typedef struct worker {
    pthread_t thread;
    long index;
    int epoll_fd;
    source wake; /* an eventfd */
    int wake_fd;
    listener listeners[WORKER_LISTENERS];
    int listener_count;
    int64_t now; /* in ms, see clock.h */

    struct client **clients;
    uint32_t client_count, client_cap;
    struct client *updated; /* those whose output is to be sent */
    struct client *gone;    /* those that are to be freed */
    uint8_t *input;         /* READ_SIZE bytes, for all clients */

    struct room *rooms[ROOM_SLOTS];
    int64_t presence_due;
    redis_link redis;
    encoders encoders;

    int64_t tick_due;
    uint32_t drained_from; /* the number of clients when closing them began */
    bool closing_clients;
} worker;

/* When SIGTERM arrived, in ms; 0: not yet. */
extern _Atomic int64_t draining_since;

/* WebSockets of the process. */
extern _Atomic long connections_open;

static inline bool is_draining(void) {
    return atomic_load_explicit(&draining_since, memory_order_relaxed) != 0;
}

/* Prepares a worker, whose listeners are set. Returns false and errno. */
bool worker_start(worker *w);

/* Serves until the process has drained. */
void worker_run(worker *w);

/* Accepts who waits, and nobody after that. */
void worker_stop_listening(worker *w);

/* For another thread: the worker looks at draining_since. */
void worker_wake(worker *w);

#endif

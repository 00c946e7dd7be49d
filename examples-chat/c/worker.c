#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "counters.h"
#include "drain.h"
#include "join.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "presence.h"
#include "room.h"

/* How often time limits are looked at, in ms: ordinarily, and while Redis is awaited or
 * the process drains. */
enum { TICK = 250, SHORT_TICK = 25, MAX_EVENTS = 256 };

_Atomic int64_t draining_since;
_Atomic long connections_open;

/* ---- listening ---- */

/* Until the next tick: those who wait would be reported again at once. */
static void pause_listening(listener *l, const char *why) {
    log_event(LOG_WARNING, "not accepted", NULL, text_field("reason", why));
    l->is_paused = true;
    watch(l->worker->epoll_fd, EPOLL_CTL_MOD, l->fd, 0, &l->source);
}

static void resume_listening(worker *w) {
    for (int i = 0; i < w->listener_count; i++) {
        listener *l = &w->listeners[i];
        if (l->is_paused)
            watch(w->epoll_fd, EPOLL_CTL_MOD, l->fd, EPOLLIN, &l->source);
        l->is_paused = false;
    }
}

static bool accept_one(listener *l) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    int fd = accept_client(l->fd);
    if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        pause_listening(l, strerror(errno));
    if (fd < 0)
        return false;
    getpeername(fd, (struct sockaddr *)&address, &len);
    client_add(l->worker, fd, &address, len);
    return true;
}

/* One at a time: other threads have their own queues, and clients their turns. */
static void on_listener_event(source *s, uint32_t events) {
    (void)events;
    accept_one(OWNER(listener, s));
}

/* Those who wait in the queue would be reset. */
void worker_stop_listening(worker *w) {
    for (int i = 0; i < w->listener_count; i++) {
        while (accept_one(&w->listeners[i]))
            ;
        close(w->listeners[i].fd);
    }
    w->listener_count = 0;
}

/* ---- waking ---- */

static void on_wake(source *s, uint32_t events) {
    (void)events;
    worker *w = (worker *)((char *)s - offsetof(worker, wake));
    uint64_t times;
    if (read(w->wake_fd, &times, sizeof times) < 0 && errno != EAGAIN)
        log_event(LOG_WARNING, "eventfd", NULL, text_field("reason", strerror(errno)));
}

void worker_wake(worker *w) {
    const uint64_t once = 1;
    if (write(w->wake_fd, &once, sizeof once) < 0)
        log_event(LOG_WARNING, "eventfd", NULL, text_field("reason", strerror(errno)));
}

/* ---- the loop ---- */

static void update_clients(worker *w) {
    while (w->updated) {
        client *c = w->updated;
        w->updated = c->next_updated;
        client_update(c);
    }
}

static void free_gone(worker *w) {
    while (w->gone) {
        client *c = w->gone;
        w->gone = c->next_gone;
        client_free(c);
    }
}

static void check_time_limits(worker *w) {
    for (uint32_t i = w->client_count; i-- > 0;) {
        client *c = w->clients[i];
        if (c->join)
            join_tick(c->join);
        if (c->state != GONE)
            client_check_deadline(c);
    }
    presence_tick(w);
    rooms_tick(w);
    resume_listening(w);
}

static int time_to_wait(const worker *w) {
    return link_is_up(&w->redis) && !is_draining() ? TICK : SHORT_TICK;
}

static void run_once(worker *w) {
    struct epoll_event events[MAX_EVENTS];
    int n = epoll_wait(w->epoll_fd, events, MAX_EVENTS, time_to_wait(w));
    w->now = clock_ms();
    for (int i = 0; i < n; i++) {
        source *s = events[i].data.ptr;
        s->on_event(s, events[i].events);
    }
    link_check(&w->redis);
    if (w->now >= w->tick_due) {
        w->tick_due = w->now + time_to_wait(w);
        check_time_limits(w);
        drain_step(w);
    }
    update_clients(w);
    free_gone(w);
}

/* ---- start and end ---- */

bool worker_start(worker *w) {
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->input = malloc(READ_SIZE);
    if (w->epoll_fd < 0 || w->wake_fd < 0 || !w->input)
        return false;
    w->wake.on_event = on_wake;
    watch(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, EPOLLIN, &w->wake);
    for (int i = 0; i < w->listener_count; i++) {
        listener *l = &w->listeners[i];
        l->source.on_event = on_listener_event;
        l->worker = w;
        watch(w->epoll_fd, EPOLL_CTL_ADD, l->fd, EPOLLIN, &l->source);
    }
    return encoders_start(&w->encoders, options.compression);
}

static void stop_worker(worker *w) {
    while (w->client_count > 0)
        client_drop(w->clients[w->client_count - 1], "the time to drain is over");
    link_stop(&w->redis);
    free_gone(w);
    rooms_free(w);
    encoders_stop(&w->encoders);
    free(w->clients);
    free(w->input);
    close(w->epoll_fd);
}

void worker_run(worker *w) {
    own_counters = &all_counters[w->index];
    w->now = clock_ms();
    link_start(&w->redis, w);
    while (!drain_is_over(w))
        run_once(w);
    stop_worker(w);
}

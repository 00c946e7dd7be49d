#include "adapter.h"

#include <stddef.h>

static void set_events(adapter *a, uint32_t events) {
    if (events == a->watched)
        return;
    int operation = a->watched == 0 ? EPOLL_CTL_ADD
                    : events == 0   ? EPOLL_CTL_DEL
                                    : EPOLL_CTL_MOD;
    watch(a->epoll_fd, operation, a->fd, events, &a->source);
    a->watched = events;
}

static void add_read(void *data) {
    adapter *a = data;
    set_events(a, a->watched | EPOLLIN);
}

static void stop_reading(void *data) {
    adapter *a = data;
    set_events(a, a->watched & ~(uint32_t)EPOLLIN);
}

static void add_write(void *data) {
    adapter *a = data;
    set_events(a, a->watched | EPOLLOUT);
}

static void stop_writing(void *data) {
    adapter *a = data;
    set_events(a, a->watched & ~(uint32_t)EPOLLOUT);
}

/* Called before the descriptor is closed. */
static void clean_up(void *data) {
    adapter *a = data;
    set_events(a, 0);
    a->context = NULL;
}

/* hiredis notices an error of the socket when it reads or writes. Handling one event
 * may free the context. */
static void on_redis_event(source *s, uint32_t events) {
    adapter *a = OWNER(adapter, s);
    if (a->context && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) &&
        (a->watched & EPOLLIN))
        redisAsyncHandleRead(a->context);
    if (a->context && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) &&
        (a->watched & EPOLLOUT))
        redisAsyncHandleWrite(a->context);
}

void adapter_attach(adapter *a, int epoll_fd, redisAsyncContext *context) {
    a->source.on_event = on_redis_event;
    a->context = context;
    a->epoll_fd = epoll_fd;
    a->fd = context->c.fd;
    a->watched = 0;
    context->ev.data = a;
    context->ev.addRead = add_read;
    context->ev.delRead = stop_reading;
    context->ev.addWrite = add_write;
    context->ev.delWrite = stop_writing;
    context->ev.cleanup = clean_up;
}

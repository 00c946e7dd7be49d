/* What epoll reports events to. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdint.h>
#include <sys/epoll.h>

typedef struct source {
    void (*on_event)(struct source *self, uint32_t events);
} source;

/* `operation` is EPOLL_CTL_ADD or EPOLL_CTL_MOD. */
static inline void watch(int epoll_fd, int operation, int fd, uint32_t events,
                         source *s) {
    struct epoll_event event = {.events = events, .data.ptr = s};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

/* The structure that contains a source as its member `source`. */
#define OWNER(type, s) ((type *)((char *)(s) - offsetof(type, source)))

#endif

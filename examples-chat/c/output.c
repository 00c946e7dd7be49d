#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "counters.h"
#include "join.h"
#include "options.h"
#include "room.h"
#include "websocket.h"
#include "worker.h"

void client_update_later(client *c) {
    if (c->is_updated)
        return;
    c->is_updated = true;
    c->next_updated = c->worker->updated;
    c->worker->updated = c;
}

static void count_waiting(client *c) {
    count(BYTES_WAITING, client_waiting(c));
    count_down(BYTES_WAITING, c->counted_waiting);
    c->counted_waiting = client_waiting(c);
}

void output_forget(client *c) {
    count_down(BYTES_WAITING, c->counted_waiting);
}

/* ---- writing ---- */

uint8_t *client_reserve(client *c, size_t size) {
    uint8_t *to = c->state < FINISHING ? reserve(&c->out, size) : NULL;
    if (!to && c->state < FINISHING)
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

void client_commit(client *c, size_t n) {
    c->out.len += (uint32_t)n;
    client_update_later(c);
}

void client_deliver(client *c, frames *f) {
    if (c->state != OPEN)
        return;
    buffer frame = frames_get(f, c->pmd_bits);
    uint8_t *to = client_reserve(c, frame.len);
    if (!to || frame.len == 0) {
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY)); /* rather than skip a message */
        return;
    }
    memcpy(to, frame.data, frame.len);
    client_commit(c, frame.len);
    count(MESSAGES_OUT, 1);
}

void client_send_text(client *c, const char *text, size_t len) {
    frames f = {.by = &c->worker->encoders, .text = text, .len = len};
    client_deliver(c, &f);
    frames_free(&f);
}

/* ---- sending ---- */

/* Returns false if the connection is lost. */
static bool send_output(client *c) {
    while (client_waiting(c) > 0) {
        ssize_t n = send(c->fd, c->out.data + c->sent, client_waiting(c), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        c->sent += (uint32_t)n;
        c->sent_at = c->worker->now;
        count(BYTES_OUT, (uint64_t)n);
    }
    return true;
}

/* Frees what was sent. Bytes are moved only when they are the lesser half: more often
 * would cost quadratic time. */
static void forget_sent(client *c) {
    if (client_waiting(c) == 0) {
        release(&c->out);
        c->sent = 0;
    } else if (c->sent > c->out.len / 2) {
        remove_front(&c->out, c->sent);
        c->sent = 0;
    }
    count_waiting(c);
}

/* A client that joins gets pages of messages as fast as it reads them. */
static long limit_of(const client *c) {
    return options.max_waiting + (c->join ? PAGE_SIZE * MAX_MESSAGE : 0);
}

static void check_slow(client *c) {
    if (c->state != OPEN || client_waiting(c) <= limit_of(c))
        return;
    count(SLOW_CLIENTS, 1);
    client_close(c, WS_CLOSE_TRY_AGAIN_LATER, "reads too slowly");
}

static void update_events(client *c) {
    bool reads = c->in.len == 0 || c->state < OPEN || c->state > CLOSING;
    uint32_t events = (reads && !client_is_busy(c) ? EPOLLIN : 0U) |
                      (client_waiting(c) > 0 ? EPOLLOUT : 0U);
    if (events != c->watched)
        watch(c->worker->epoll_fd, EPOLL_CTL_MOD, c->fd, events, &c->source);
    c->watched = events;
}

void client_update(client *c) {
    c->is_updated = false;
    if (c->state == GONE)
        return;
    if (!send_output(c)) {
        client_drop(c, strerror(errno));
        return;
    }
    forget_sent(c);
    check_slow(c);
    if (client_waiting(c) == 0 && c->join)
        join_output_sent(c->join);
    if (c->state == GONE)
        return;
    if (c->state == FINISHING && client_waiting(c) == 0 && !c->is_finished) {
        c->is_finished = true;
        shutdown(c->fd, SHUT_WR);
    }
    update_events(c);
}

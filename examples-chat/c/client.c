#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat.h"
#include "counters.h"
#include "handshake.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "websocket.h"
#include "worker.h"

static void on_client_event(source *s, uint32_t events);

/* ---- the list of clients ---- */

static bool add_to_list(worker *w, client *c) {
    if (w->client_count == w->client_cap) {
        uint32_t cap = w->client_cap > 0 ? 2 * w->client_cap : 64;
        client **larger = realloc(w->clients, cap * sizeof *larger);
        if (!larger)
            return false;
        w->clients = larger;
        w->client_cap = cap;
    }
    c->index = w->client_count;
    w->clients[w->client_count++] = c;
    return true;
}

static void remove_from_list(worker *w, client *c) {
    w->clients[c->index] = w->clients[--w->client_count];
    w->clients[c->index]->index = c->index;
}

void client_set_address(client *c, const struct sockaddr_storage *address,
                        socklen_t len) {
    c->address = address_key_of(address);
    snprintf(c->address_text, sizeof c->address_text, "%s", address_text(address, len));
}

void client_add(worker *w, int fd, const struct sockaddr_storage *address,
                socklen_t len) {
    static _Atomic uint64_t last_number;
    client *c = calloc(1, sizeof *c);
    if (!c || !add_to_list(w, c)) {
        free(c);
        close(fd);
        return;
    }
    c->source.on_event = on_client_event;
    c->worker = w;
    c->fd = fd;
    c->number = atomic_fetch_add(&last_number, 1) + 1;
    c->state = options.proxy_protocol ? PROXY_HEADER : REQUEST;
    c->deadline = w->now + options.handshake_timeout;
    c->says = c->joins = (bucket){(double)options.burst, w->now};
    client_set_address(c, address, len);
    c->watched = EPOLLIN;
    watch(w->epoll_fd, EPOLL_CTL_ADD, fd, c->watched, &c->source);
    count(ACCEPTED_CONNECTIONS, 1);
    log_event(LOG_INFO, "connected", c, NO_FIELDS);
}

static void stop_counting(client *c) {
    if (!c->is_counted)
        return;
    c->is_counted = false;
    address_give_back(c->address);
    atomic_fetch_sub(&connections_open, 1);
    count_down(OPEN_CONNECTIONS, 1);
    count_close(CLOSE_RECEIVED, c->close_code ? c->close_code : WS_CLOSE_ABNORMAL);
}

void client_free(client *c) {
    ws_conn_free(c->ws);
    release(&c->in);
    release(&c->out);
    release(&c->held);
    free(c);
}

/* The worker frees it when no event can be about it. */
void client_drop(client *c, const char *why) {
    if (c->state == GONE)
        return;
    log_event(LOG_INFO, "disconnected", c, text_field("reason", why));
    chat_leave(c);
    c->state = GONE;
    stop_counting(c);
    output_forget(c);
    close(c->fd);
    remove_from_list(c->worker, c);
    c->next_gone = c->worker->gone;
    c->worker->gone = c;
}

void client_finish(client *c) {
    if (c->state >= FINISHING)
        return;
    chat_leave(c);
    c->state = FINISHING;
    c->deadline = c->worker->now + CLOSE_TIMEOUT;
    client_update_later(c);
}

/* ---- input ---- */

static void on_input(client *c, uint8_t *bytes, size_t len) {
    count(BYTES_IN, len);
    if (c->state < OPEN)
        handshake_input(c, bytes, len);
    else if (c->state < FINISHING)
        websocket_input(c, bytes, len);
    if (c->state == OPEN && c->in.len > 0 && !client_is_busy(c))
        client_continue(c); /* frames that came with the request */
}

static void on_readable(client *c) {
    worker *w = c->worker;
    ssize_t n = recv(c->fd, w->input, READ_SIZE, 0);
    if (n > 0)
        on_input(c, w->input, (size_t)n);
    else if (n == 0)
        client_drop(c, c->state == FINISHING ? "closed" : "closed by the client");
    else if (errno != EAGAIN && errno != EINTR)
        client_drop(c, strerror(errno));
}

static void on_client_event(source *s, uint32_t events) {
    client *c = OWNER(client, s);
    if (c->state == GONE)
        return;
    if (events & EPOLLIN)
        on_readable(c);
    else if (events & (EPOLLHUP | EPOLLERR))
        client_drop(c, "connection lost");
    client_update_later(c);
}

/* ---- time limits ---- */

/* While a client waits for Redis, its pongs are not read. */
static bool is_excused(const client *c) {
    return client_is_busy(c) && (client_waiting(c) == 0 ||
                                 c->worker->now - c->sent_at < options.ping_timeout);
}

static void on_open_deadline(client *c) {
    if (is_excused(c)) {
        c->has_pinged = false;
        c->deadline = c->worker->now + options.ping_interval;
        return;
    }
    if (!c->has_pinged) {
        websocket_ping(c);
        return;
    }
    count(PING_TIMEOUTS, 1);
    client_drop(c, "does not respond to a ping");
}

void client_check_deadline(client *c) {
    if (c->worker->now < c->deadline)
        return;
    if (c->state == OPEN) {
        on_open_deadline(c);
        return;
    }
    if (c->state < OPEN)
        count(HANDSHAKE_TIMEOUT, 1);
    client_drop(c, c->state < OPEN ? "sends no complete request"
                                   : "does not close the connection");
}

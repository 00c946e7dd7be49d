#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chat.h"
#include "counters.h"
#include "handshake.h"
#include "join.h"
#include "listen.h"
#include "log.h"
#include "options.h"
#include "room.h"
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

void client_update_later(client *c) {
    if (c->is_updated)
        return;
    c->is_updated = true;
    c->next_updated = c->worker->updated;
    c->worker->updated = c;
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

static void count_waiting(client *c) {
    uint32_t waiting = c->state == GONE ? 0 : client_waiting(c);
    count(BYTES_WAITING, waiting);
    count_down(BYTES_WAITING, c->counted_waiting);
    c->counted_waiting = waiting;
}

/* The worker frees it when no event can be about it. */
static void remove_client(client *c) {
    if (c->state == GONE)
        return;
    chat_leave(c);
    c->state = GONE;
    stop_counting(c);
    count_waiting(c);
    close(c->fd);
    c->fd = -1;
    remove_from_list(c->worker, c);
    c->next_gone = c->worker->gone;
    c->worker->gone = c;
}

void client_free(client *c) {
    ws_conn_free(c->ws);
    release(&c->in);
    release(&c->out);
    release(&c->held);
    free(c);
}

void client_drop(client *c, const char *why) {
    if (c->state == GONE)
        return;
    log_event(LOG_INFO, "disconnected", c, text_field("reason", why));
    remove_client(c);
}

/* ---- output ---- */

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

void client_finish(client *c) {
    if (c->state >= FINISHING)
        return;
    chat_leave(c);
    c->state = FINISHING;
    c->deadline = c->worker->now + CLOSE_TIMEOUT;
    client_update_later(c);
}

void client_close(client *c, uint16_t code, const char *why) {
    if (c->state != OPEN)
        return;
    uint8_t *to = client_reserve(c, WS_MAX_OUTPUT);
    ws_result n = to ? ws_conn_close(c->ws, code, why, strlen(why), to, WS_MAX_OUTPUT)
                     : WS_ERR_NO_MEMORY;
    if (n < 0) {
        client_drop(c, ws_strerror(n));
        return;
    }
    log_event(LOG_INFO, "closing", c, number_field("code", code),
              text_field("reason", why));
    count_close(CLOSE_SENT, code);
    client_commit(c, (size_t)n);
    chat_leave(c);
    c->state = CLOSING;
    c->deadline = c->worker->now + CLOSE_TIMEOUT;
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

/* ---- frames ---- */

/* Sends the response of the connection itself: a pong, or a close frame. */
static void send_control_frame(client *c) {
    uint8_t *to = client_reserve(c, WS_MAX_OUTPUT);
    ws_result n = to ? ws_conn_output(c->ws, to, WS_MAX_OUTPUT) : 0;
    if (n > 0)
        client_commit(c, (size_t)n);
}

static void on_client_close(client *c, const ws_event *e, const void *reason) {
    c->close_code = e->close_code;
    log_event(LOG_INFO, "closed", c, number_field("code", e->close_code),
              bytes_field("reason", reason, (size_t)e->len));
}

static void on_frame(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_CLOSE) {
        on_client_close(c, e, data);
    } else if (c->state == OPEN &&
               (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY)) {
        count(MESSAGES_IN, 1);
        chat_message(c, e->opcode, data, (size_t)e->len);
    }
}

/* The closing handshake is complete, or the client has violated RFC 6455. */
static void end_frames(client *c, ws_result error) {
    uint64_t code = 0;
    if (error < 0)
        log_event(LOG_INFO, "failed", c, number_field("code", ws_close_code_for(error)),
                  text_field("reason", ws_strerror(error)));
    if (c->state == OPEN && ws_conn_get(c->ws, WS_INFO_CLOSE_SENT, &code) == WS_OK &&
        code != 0)
        count_close(CLOSE_SENT, (unsigned)code);
    client_finish(c);
}

static bool may_handle(const client *c) {
    return (c->state == OPEN || c->state == CLOSING) && !client_is_busy(c);
}

/* Handles frames, one at a time, until the client has to wait for Redis. Returns how
 * many bytes were handled: all of them once frames do not matter any more. */
static size_t handle_frames(client *c, uint8_t *bytes, size_t len) {
    size_t done = 0, used;
    ws_event event;
    ws_result n = 0;
    bool collected = false;
    while (n >= 0 && done < len && may_handle(c)) {
        n = ws_conn_recv(c->ws, bytes + done, len - done, &event, 1, &used);
        collected = n > 0 && (event.flags & WS_EVENT_COLLECTED);
        if (n > 0)
            on_frame(c, &event, ws_event_data(c->ws, bytes + done, &event));
        send_control_frame(c);
        done += used;
    }
    if (collected && done == len) /* a call without bytes frees the collected message */
        n = ws_conn_recv(c->ws, NULL, 0, &event, 1, &used);
    if (c->state != GONE && ws_conn_state(c->ws) >= WS_STATE_CLOSED)
        end_frames(c, n);
    return c->state == OPEN || c->state == CLOSING ? done : len;
}

static void handle_waiting(client *c) {
    if (c->in.len > 0 && may_handle(c))
        remove_front(&c->in, handle_frames(c, c->in.data, c->in.len));
    if (c->in.len == 0)
        release(&c->in);
}

void client_continue(client *c) {
    if (c->state == GONE || c->handling)
        return;
    c->handling = true;
    handle_waiting(c);
    c->handling = false;
    client_update_later(c);
}

static void on_frame_bytes(client *c, uint8_t *bytes, size_t len) {
    c->has_pinged = false;
    if (c->state == OPEN)
        c->deadline = c->worker->now + options.ping_interval;
    c->handling = true;
    size_t done = c->in.len == 0 ? handle_frames(c, bytes, len) : 0;
    c->handling = false;
    if (done < len && !append(&c->in, bytes + done, len - done))
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
}

/* ---- input ---- */

static void on_input(client *c, uint8_t *bytes, size_t len) {
    count(BYTES_IN, len);
    if (c->state < OPEN)
        handshake_input(c, bytes, len);
    else if (c->state < FINISHING)
        on_frame_bytes(c, bytes, len);
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

static void send_ping(client *c) {
    uint8_t *to = client_reserve(c, WS_MAX_OUTPUT);
    ws_result n = WS_ERR_NO_MEMORY;
    if (to)
        n = ws_conn_send(c->ws, WS_OPCODE_PING, 0, NULL, 0, to, WS_MAX_OUTPUT);
    if (n > 0)
        client_commit(c, (size_t)n);
    c->has_pinged = true;
    c->deadline = c->worker->now + options.ping_timeout;
}

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
        send_ping(c);
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

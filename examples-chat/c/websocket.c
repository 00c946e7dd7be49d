#include "websocket.h"

#include <string.h>

#include "chat.h"
#include "counters.h"
#include "log.h"
#include "options.h"
#include "output.h"
#include "worker.h"

/* ---- sending ---- */

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

void websocket_ping(client *c) {
    uint8_t *to = client_reserve(c, WS_MAX_OUTPUT);
    ws_result n = WS_ERR_NO_MEMORY;
    if (to)
        n = ws_conn_send(c->ws, WS_OPCODE_PING, 0, NULL, 0, to, WS_MAX_OUTPUT);
    if (n > 0)
        client_commit(c, (size_t)n);
    c->has_pinged = true;
    c->deadline = c->worker->now + options.ping_timeout;
}

/* ---- receiving ---- */

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

void websocket_input(client *c, uint8_t *bytes, size_t len) {
    c->has_pinged = false;
    if (c->state == OPEN)
        c->deadline = c->worker->now + options.ping_interval;
    c->handling = true;
    size_t done = c->in.len == 0 ? handle_frames(c, bytes, len) : 0;
    c->handling = false;
    if (done < len && !append(&c->in, bytes + done, len - done))
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
}

/* A connection: what is sent, and what arrives. */
#ifndef CLIENT_H
#define CLIENT_H

#include "handshake.h"

enum { MAX_EVENTS = 64, MAX_ERROR = 200, PING_LEN = 8 };

/* Bytes of output that the server has not read. Beyond the first, only the pong to the
 * last ping waits; beyond the second, which --echo can reach, we read nothing. */
enum { MUCH_OUTPUT = 64 << 10, TOO_MUCH_OUTPUT = 128 << 20 };

typedef struct client {
    transport io;
    ws_conn *ws;
    buffer out;              /* output, until all of it was sent */
    uint32_t flushed;        /* bytes of `out` that were sent */
    uint64_t sent, received; /* messages */
    bool reads;              /* messages come from stdin, which has not ended */
    bool gave_up;            /* a message did not arrive in time */
    bool asked;              /* the user asked us to close */
    bool disconnected; /* the connection has failed, or the server has closed it */
    bool close_reported;
    int64_t progress;         /* when the server last read, or sent, or had to start */
    int64_t message_progress; /* the same for messages alone */
    bool sending_message;     /* `out` has one */
    int64_t pinged;           /* when our last ping was sent; 0: its pong has arrived */
    unsigned ping_number;
    char ping[PING_LEN + 1]; /* its payload */
    char error[MAX_ERROR];   /* why the connection failed, or "" */
} client;

static inline void set_error(client *c, const char *name, const char *why) {
    if (c->error[0] != '\0')
        return;
    snprintf(c->error, sizeof c->error, "%s", why);
    report_error(name, c->error);
}

/* ---- output ---- */

/* Returns room for output. out_commit() gets the number of bytes that were written. */
static inline uint8_t *out_begin(client *c, size_t size) {
    uint8_t *to = reserve(&c->out, size);
    if (!to)
        die("send", ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

/* Returns false if it is too late, because we already sent a close. */
static inline bool out_commit(client *c, ws_result n) {
    if (n < 0 && n != WS_ERR_INVALID_STATE)
        die("send", ws_strerror(n));
    if (c->out.len == 0 && n > 0)
        c->progress = clock_microseconds();
    c->out.len += n > 0 ? (uint32_t)n : 0;
    return n >= 0;
}

static inline bool send_frame(client *c, int opcode, const void *data, size_t len) {
    size_t size = ws_conn_send_bound(c->ws, len);
    return out_commit(
        c, ws_conn_send(c->ws, opcode, 0, data, len, out_begin(c, size), size));
}

static inline void send_message(client *c, bool text, const void *data, size_t len) {
    if (!send_frame(c, text ? WS_OPCODE_TEXT : WS_OPCODE_BINARY, data, len))
        return;
    c->sent++;
    c->sending_message = true;
    report_message(SENT, text, data, len);
}

/* Sends a ping whose pong we can recognise. */
static inline void send_ping(client *c) {
    snprintf(c->ping, sizeof c->ping, "%08x", ++c->ping_number);
    if (!send_frame(c, WS_OPCODE_PING, c->ping, PING_LEN))
        return;
    c->pinged = clock_microseconds();
    report_ping(SENT, false, c->ping, PING_LEN, -1);
}

/* Reports a close that the connection or we have written. */
static inline void note_sent_close(client *c, const void *reason, size_t len) {
    uint64_t code;
    if (c->close_reported || ws_conn_get(c->ws, WS_INFO_CLOSE_SENT, &code) != WS_OK ||
        code == 0)
        return;
    c->close_reported = true;
    c->progress = clock_microseconds();
    report_close(SENT, (uint16_t)code, reason, len);
}

/* Collects the pong or the close that the connection wants to send. */
static inline void collect_output(client *c) {
    if (c->out.len > MUCH_OUTPUT && ws_conn_state(c->ws) == WS_STATE_OPEN)
        return;
    out_commit(c, ws_conn_output(c->ws, out_begin(c, WS_MAX_OUTPUT), WS_MAX_OUTPUT));
    note_sent_close(c, NULL, 0);
}

/* Has an effect only once, and none after an error. Returns false for a code or reason
 * that is not valid. */
static inline bool send_close(client *c, uint16_t code, const void *reason,
                              size_t len) {
    uint8_t *to = out_begin(c, WS_MAX_OUTPUT);
    ws_result n = ws_conn_close(c->ws, code, reason, len, to, WS_MAX_OUTPUT);
    if (n == WS_ERR_INVALID_ARGUMENT)
        return false;
    out_commit(c, n);
    note_sent_close(c, reason, len);
    return true;
}

/* Messages that were not sent until then are not missing. */
static inline bool close_as_asked(client *c, uint16_t code, const char *reason) {
    bool valid = send_close(c, code, reason, strlen(reason));
    c->asked |= valid;
    return valid;
}

/* Sends what the transport accepts. After a failure there is no output any more, but
 * there may be input. */
static inline void flush(client *c) {
    while (c->out.len > 0) {
        ssize_t n =
            transport_write(&c->io, c->out.data + c->flushed, c->out.len - c->flushed);
        if (n == IO_AGAIN)
            return;
        c->flushed += n > 0 ? (uint32_t)n : 0;
        if (n == IO_FAILED || c->flushed == c->out.len)
            c->out.len = c->flushed = 0;
        c->progress = clock_microseconds();
        if (c->sending_message)
            c->message_progress = c->progress;
    }
    c->sending_message = false;
}

/* ---- input ---- */

static inline void on_message(client *c, const ws_event *e, const void *data) {
    const bool text = e->opcode == WS_OPCODE_TEXT;
    c->received++;
    report_message(RECEIVED, text, data, (size_t)e->len);
    if (options.echo)
        send_message(c, text, data, (size_t)e->len);
}

static inline void on_pong(client *c, const void *data, size_t len) {
    double latency = -1;
    if (c->pinged != 0 && len == PING_LEN && memcmp(data, c->ping, PING_LEN) == 0) {
        latency = (double)(clock_microseconds() - c->pinged) / 1000;
        c->pinged = 0;
    }
    report_ping(RECEIVED, true, data, len, latency);
}

static inline void on_close(client *c, const ws_event *e, const void *data) {
    char why[MAX_ERROR];
    const int len = (int)e->len;
    uint64_t ours;
    report_close(RECEIVED, e->close_code, data, (size_t)e->len);
    if (e->close_code == WS_CLOSE_NORMAL || e->close_code == WS_CLOSE_NO_STATUS ||
        (ws_conn_get(c->ws, WS_INFO_CLOSE_SENT, &ours) == WS_OK && ours != 0))
        return; /* a normal close, or the reply to ours */
    snprintf(why, sizeof why, "closed with %d%s%.*s", e->close_code, len > 0 ? " " : "",
             len, len > 0 ? (const char *)data : "");
    set_error(c, NULL, why);
}

/* The connection itself responds to pings and closes: see ws_conn_output(). */
static inline void on_event(client *c, const ws_event *e, const void *data) {
    switch (e->opcode) {
    case WS_OPCODE_PING: report_ping(RECEIVED, false, data, (size_t)e->len, -1); break;
    case WS_OPCODE_PONG: on_pong(c, data, (size_t)e->len); break;
    case WS_OPCODE_CLOSE: on_close(c, e, data); break;
    default: on_message(c, e, data);
    }
}

/* A ping, pong or close brings no message nearer. */
static inline bool brings_message(const ws_event *events, ws_result count) {
    for (ws_result i = 0; i < count; i++)
        if (events[i].opcode < WS_OPCODE_CLOSE)
            return true;
    return count == 0; /* a part of one */
}

static inline void on_bytes(client *c, uint8_t *bytes, size_t len) {
    ws_event events[MAX_EVENTS];
    ws_result n = 0;
    c->progress = clock_microseconds();
    while (len > 0 && n >= 0) {
        size_t used;
        n = ws_conn_recv(c->ws, bytes, len, events, MAX_EVENTS, &used);
        for (ws_result i = 0; i < n; i++)
            on_event(c, &events[i], ws_event_data(c->ws, bytes, &events[i]));
        if (brings_message(events, n))
            c->message_progress = c->progress;
        if (n < 0)
            set_error(c, ws_errname(n), ws_strerror(n));
        collect_output(c);
        bytes += used;
        len -= used;
    }
}

/* The input has ended. That is an error, unless both sides have closed. */
static inline void on_disconnect(client *c, const char *why) {
    if (ws_conn_finish(c->ws) != WS_OK)
        set_error(c, NULL, why);
    c->disconnected = true;
    c->out.len = c->flushed = 0;
}

static inline void receive(client *c) {
    ssize_t n = transport_read(&c->io, input, sizeof input);
    if (n > 0)
        on_bytes(c, input, (size_t)n);
    else if (n != IO_AGAIN)
        on_disconnect(c, n == 0
                             ? "the server closed the connection without a close frame"
                             : c->io.error);
}

#endif

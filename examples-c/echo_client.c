/* A WebSocket client for echo servers and, with --autobahn, for the Autobahn|Testsuite.
 *
 * It never waits for the server to read without reading itself: otherwise both sides
 * could block, each waiting for the other to read. */
#include "buffer.h"
#include "client.h"

enum { READ_SIZE = 128 << 10, MAX_MESSAGE = 64 << 20, MAX_EVENTS = 64 };
enum { RESPONSE_TIMEOUT = 10000, CLOSE_TIMEOUT = 1000 }; /* in milliseconds */

typedef struct client {
    int fd;
    ws_conn *ws;
    void (*on_message)(struct client *, const ws_event *, const void *data);
    bool reads;              /* messages come from stdin, which has not ended */
    buffer line;             /* the start of an incomplete line of stdin */
    buffer out;              /* output, until all of it was sent */
    uint32_t sent;           /* bytes of `out` that were sent */
    size_t received, wanted; /* messages: we close when `wanted` are received */
    long number;             /* the content of a message */
    const char *error;       /* why the connection failed, or NULL */
    char closed[160];        /* the text for `error` if the server closed */
} client;

static client_options options;
static ws_pmd_params offered; /* our offer of compression */
static uint8_t input[READ_SIZE];

/* ---- output ---- */

/* Returns room for output. out_commit() gets the number of bytes that were written. */
static uint8_t *out_begin(client *c, size_t size) {
    uint8_t *to = reserve(&c->out, size);
    if (!to)
        die("send", ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

static void out_commit(client *c, ws_result n) {
    /* WS_ERR_INVALID_STATE: too late, we already sent a close. */
    if (n < 0 && n != WS_ERR_INVALID_STATE)
        die("send", ws_strerror(n));
    c->out.len += n > 0 ? (uint32_t)n : 0;
}

static void send_message(client *c, int opcode, const void *data, size_t len) {
    size_t size = ws_conn_send_bound(c->ws, len);
    out_commit(c, ws_conn_send(c->ws, opcode, 0, data, len, out_begin(c, size), size));
}

static void send_close(client *c) {
    uint8_t *to = out_begin(c, WS_MAX_OUTPUT);
    out_commit(c, ws_conn_close(c->ws, WS_CLOSE_NORMAL, NULL, 0, to, WS_MAX_OUTPUT));
}

/* Sends a message of the user. */
static void send_line(client *c, const void *data, size_t len) {
    uint32_t state = 0;
    if (!options.binary && (ws_utf8_validate(&state, data, len) < 0 || state != 0))
        die("message", "not UTF-8 (see --binary)");
    send_message(c, options.binary ? WS_OPCODE_BINARY : WS_OPCODE_TEXT, data, len);
    c->wanted++;
}

/* Sends what the socket accepts. After a failure there is no output any more, but there
 * may be input. */
static void flush(client *c) {
    const uint8_t *from = c->out.data + c->sent;
    ssize_t n = send(c->fd, from, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    c->sent += n > 0 ? (uint32_t)n : 0;
    if (c->sent == c->out.len || (n < 0 && errno != EAGAIN && errno != EINTR))
        c->out.len = c->sent = 0;
}

/* ---- the protocol ---- */

/* The connection itself responds to pings and closes: see ws_conn_output(). */
static void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY) {
        c->received++;
        c->on_message(c, e, data);
    } else if (e->close_code > WS_CLOSE_NORMAL && e->close_code != WS_CLOSE_NO_STATUS) {
        snprintf(c->closed, sizeof c->closed, "closed with %d%s%.*s", e->close_code,
                 e->len > 0 ? " " : "", (int)e->len,
                 e->len > 0 ? (const char *)data : "");
        c->error = c->closed;
    }
}

static void on_bytes(client *c, uint8_t *bytes, size_t len) {
    ws_event events[MAX_EVENTS];
    ws_result n = 0;
    while (len > 0 && n >= 0) {
        size_t used;
        n = ws_conn_recv(c->ws, bytes, len, events, MAX_EVENTS, &used);
        for (ws_result i = 0; i < n; i++)
            on_event(c, &events[i], ws_event_data(c->ws, bytes, &events[i]));
        out_commit(c,
                   ws_conn_output(c->ws, out_begin(c, WS_MAX_OUTPUT), WS_MAX_OUTPUT));
        bytes += used;
        len -= used;
    }
    if (n < 0 && !c->error)
        c->error = ws_strerror(n);
}

/* The input has ended. That is an error, unless both sides have closed. */
static void on_disconnect(client *c, const char *why) {
    if (ws_conn_finish(c->ws) != WS_OK && !c->error)
        c->error = why;
    c->out.len = c->sent = 0;
}

/* ---- the opening handshake ---- */

static size_t build_request(const url *u, uint8_t *request, size_t cap) {
    uint8_t key[WS_KEY_LEN], extensions[256];
    ws_result n = options.compression.on
                      ? ws_pmd_offer(&offered, extensions, sizeof extensions)
                      : 0;
    ws_request_spec spec = {.host = {u->authority, strlen(u->authority)},
                            .target = {u->target, strlen(u->target)},
                            .key = {key, sizeof key},
                            .protocols = {options.protocols, strlen(options.protocols)},
                            .extensions = {extensions, n > 0 ? (size_t)n : 0}};
    if (n >= 0)
        n = ws_make_key(key, sizeof key);
    if (n > 0)
        n = ws_build_request(&spec, sizeof spec, request, cap);
    if (n < 0)
        die(u->text,
            n == WS_ERR_RANDOM ? ws_strerror(n) : "URL or --subprotocol is not valid");
    return (size_t)n;
}

/* Reads until `input` has a head. The first frames may follow it. */
static void receive_head(client *c, const url *u, int64_t deadline, size_t *have) {
    size_t scanned = 0;
    ws_result n;
    while ((n = ws_head_length(input, *have, &scanned)) == 0) {
        size_t got =
            receive_until(deadline, c->fd, input + *have, sizeof input - *have);
        if (got == 0)
            die(u->text, "no response to the opening handshake");
        *have += got;
    }
    if (n < 0)
        die(u->text, ws_strerror(n));
}

static void die_of_status(const url *u, const ws_response *response) {
    const ws_span reason = response->reason;
    char why[200];
    snprintf(why, sizeof why, "refused with status %d%s%.*s", response->status,
             reason.len > 0 ? " " : "", (int)reason.len,
             (const char *)input + reason.off);
    die(u->text, why);
}

static void opening_handshake(client *c, const url *u) {
    static uint8_t request[WS_MAX_HEAD];
    const ws_pmd_params *offer = options.compression.on ? &offered : NULL;
    size_t len = build_request(u, request, sizeof request), have = 0, skip = 0;
    int64_t deadline = clock_milliseconds() + RESPONSE_TIMEOUT;
    ws_response response;
    ws_result n;
    if (send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        die(u->text, "the server closed the connection");
    do { /* a head with status 1xx is not the last one */
        have -= skip;
        memmove(input, input + skip, have);
        receive_head(c, u, deadline, &have);
        n = ws_conn_confirm(input, have, request, len, offer, NULL, &c->ws, &response,
                            sizeof response);
        skip = response.head_len;
    } while (n == WS_ERR_HANDSHAKE_STATUS && response.status < 200);
    if (n == WS_ERR_HANDSHAKE_STATUS)
        die_of_status(u, &response);
    if (n <= 0)
        die(u->text, ws_strerror(n));
    if (ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, MAX_MESSAGE) != WS_OK ||
        ws_conn_set(c->ws, WS_OPT_COMPRESS_FROM, options.compression.from) != WS_OK)
        die(u->text, "unknown option");
    on_bytes(c, input + n, have - (size_t)n);
}

/* ---- the session ---- */

static void receive(client *c) {
    ssize_t n = recv(c->fd, input, sizeof input, MSG_DONTWAIT);
    if (n > 0)
        on_bytes(c, input, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        on_disconnect(c, n == 0
                             ? "the server closed the connection without a close frame"
                             : strerror(errno));
}

static void read_lines(client *c) {
    static char bytes[READ_SIZE];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0)
        die("stdin", strerror(errno));
    for (char *p = bytes, *end = bytes + n, *newline; p < end; p = newline + 1) {
        newline = memchr(p, '\n', (size_t)(end - p));
        if (!append(&c->line, p, (size_t)((newline ? newline : end) - p)))
            die("stdin", strerror(ENOMEM));
        if (!newline)
            return;
        send_line(c, c->line.data, c->line.len);
        c->line.len = 0;
    }
    c->reads = n > 0;
    if (n == 0 && c->line.len > 0) /* a last line without newline */
        send_line(c, c->line.data, c->line.len);
}

/* Runs until both sides have closed, or the connection has failed. */
static void run(client *c) {
    while (ws_conn_state(c->ws) < WS_STATE_CLOSED || c->out.len > 0) {
        if (!c->reads && c->received >= c->wanted)
            send_close(c); /* has an effect only once, and none after an error */
        bool open = ws_conn_state(c->ws) == WS_STATE_OPEN, waits = c->out.len > 0;
        bool reads = open && c->reads && !waits;
        struct pollfd fds[] = {{c->fd, waits ? POLLIN | POLLOUT : POLLIN, 0},
                               {reads ? STDIN_FILENO : -1, POLLIN, 0}};
        int n = poll(fds, 2, reads ? -1 : RESPONSE_TIMEOUT);
        if (n == 0 && open && !waits)
            c->wanted = 0; /* give up waiting, and close */
        else if (n == 0)
            on_disconnect(c, "the server does not respond");
        if (fds[0].revents & POLLOUT)
            flush(c);
        if (fds[0].revents & ~POLLOUT)
            receive(c);
        if (fds[1].revents)
            read_lines(c);
    }
}

static void run_session(client *c, const char *text) {
    url u = parse_url(text);
    c->fd = connect_to(&u);
    opening_handshake(c, &u);
    for (size_t i = 0; i < options.count; i++)
        send_line(c, options.messages[i], strlen(options.messages[i]));
    run(c);
    close_connection(c->fd, CLOSE_TIMEOUT);
    ws_conn_free(c->ws);
    release(&c->line);
    release(&c->out);
}

static void print_message(client *c, const ws_event *e, const void *data) {
    (void)c;
    print_payload(data, (size_t)e->len, e->opcode == WS_OPCODE_TEXT);
}

static int converse(void) {
    client c = {.on_message = print_message, .reads = options.count == 0};
    run_session(&c, options.url);
    if (!c.error && (c.reads || c.received < options.count))
        c.error = "closed before all messages were received";
    if (c.error)
        die(options.url, c.error);
    return 0;
}

static void echo_message(client *c, const ws_event *e, const void *data) {
    send_message(c, e->opcode, data, (size_t)e->len);
}

static void store_number(client *c, const ws_event *e, const void *data) {
    char digits[16] = "";
    memcpy(digits, data, e->len < sizeof digits ? (size_t)e->len : 0);
    c->number = strtol(digits, NULL, 10);
}

static int run_autobahn(void) {
    const char *base = options.url, *agent = options.agent;
    client first = {.on_message = store_number, .wanted = SIZE_MAX};
    run_session(&first, add_path(base, "/getCaseCount"));
    if (first.number < 1)
        die(base, "the server did not send the number of cases");
    for (long i = 1; i <= first.number + 1; i++) {
        client c = {.on_message = echo_message, .wanted = SIZE_MAX};
        run_session(&c, i <= first.number
                            ? add_path(base, "/runCase?case=%ld&agent=%s", i, agent)
                            : add_path(base, "/updateReports?agent=%s", agent));
        if (i % 50 == 0)
            fprintf(stderr, "%ld of %ld cases\n", i, first.number);
    }
    return 0;
}

int main(int argc, char **argv) {
    options = read_options(argc, argv);
    offered.client_no_context_takeover = !options.compression.keeps_context;
    offered.server_no_context_takeover = !options.compression.keeps_context;
    return options.autobahn ? run_autobahn() : converse();
}

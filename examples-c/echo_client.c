/*
 * A WebSocket client for echo servers and, with --autobahn, for the Autobahn|Testsuite.
 *
 * It reads at any time, also while the server has not taken all that was said: two who both
 * wait for the other to read would wait for ever.
 */
#include <wscodec.h>

#include "buffer.h"
#include "client.h"

enum { READ_SIZE = 65536, MAX_MESSAGE = 64 << 20 };
enum { PATIENCE = 10000, MOMENT = 1000 }; /* ms, for the server to answer; to close first */

typedef struct client {
    int fd;
    ws_conn *ws;
    void (*on_message)(struct client *, const ws_event *);
    bool reads;          /* messages are lines of stdin, and not all were read */
    buffer line;         /* of stdin, while it is incomplete */
    buffer out;          /* what the server has not taken yet */
    size_t gone;         /* how much of it has left */
    size_t came, wanted; /* messages: we close when that many have come */
    long number;         /* that a message told */
    const char *error;   /* why the connection failed */
    char closed[160];    /* what the server said when it closed for a bad reason */
} client;

static settings set;
static uint8_t input[READ_SIZE];

/* Room for what the connection writes next; said() counts it. */
static uint8_t *room(client *c, size_t size) {
    if (!reserve(&c->out, size))
        die("send", ws_strerror(WS_ERR_NO_MEMORY));
    return c->out.data + c->out.len;
}

static void said(client *c, ws_result n) {
    if (n < 0 && n != WS_ERR_INVALID_STATE) /* which is: too late, we have said close */
        die("send", ws_strerror(n));
    c->out.len += n > 0 ? (size_t)n : 0;
}

static void say(client *c, int opcode, const void *data, size_t len) {
    size_t size = ws_conn_send_bound(c->ws, len);
    uint32_t flags = compression_flags(&set.compression, len);
    said(c, ws_conn_send(c->ws, opcode, flags, data, len, room(c, size), size));
}

static void say_message(client *c, const void *data, size_t len) {
    uint32_t state = 0;
    if (!set.binary && (ws_utf8_validate(&state, data, len) < 0 || state != 0))
        die("message", "not UTF-8 (see --binary)");
    say(c, set.binary ? WS_OPCODE_BINARY : WS_OPCODE_TEXT, data, len);
    c->wanted++;
}

/* Pings and closes are answered by the connection itself. */
static void on_event(client *c, const ws_event *e) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY) {
        c->came++;
        c->on_message(c, e);
    } else if (e->close_code > WS_CLOSE_NORMAL && e->close_code != WS_CLOSE_NO_STATUS) {
        snprintf(c->closed, sizeof c->closed, "closed with %d %.*s", e->close_code, (int)e->len,
                 e->len > 0 ? (const char *)e->data : "");
        c->error = c->closed;
    }
}

static void on_bytes(client *c, uint8_t *bytes, size_t len) {
    ws_event events[64];
    ws_result n;
    do {
        size_t used;
        n = ws_conn_recv(c->ws, bytes, len, events, 64, &used);
        for (ws_result i = 0; i < n; i++)
            on_event(c, &events[i]);
        said(c, ws_conn_output(c->ws, room(c, WS_MAX_OUTPUT), WS_MAX_OUTPUT));
        bytes += used;
        len -= used;
    } while (n > 0);
    if (n < 0 && !c->error)
        c->error = ws_strerror(n);
}

/* Nothing more will come. That is an error unless a close has. */
static void lose(client *c, const char *why) {
    if (ws_conn_finish(c->ws) != WS_OK && !c->error)
        c->error = why;
    c->out.len = c->gone = 0;
}

static void receive(client *c) {
    ssize_t n = recv(c->fd, input, sizeof input, MSG_DONTWAIT);
    if (n > 0)
        on_bytes(c, input, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        lose(c, n == 0 ? "the server hung up without a close" : strerror(errno));
}

/* If it fails, what the server said before may still be there to be received. */
static void flush(client *c) {
    const uint8_t *from = c->out.data + c->gone;
    ssize_t n = send(c->fd, from, c->out.len - c->gone, MSG_NOSIGNAL | MSG_DONTWAIT);
    c->gone += n > 0 ? (size_t)n : 0;
    if (c->gone == c->out.len || (n < 0 && errno != EAGAIN && errno != EINTR))
        c->out.len = c->gone = 0;
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
        say_message(c, c->line.data, c->line.len);
        c->line.len = 0;
    }
    c->reads = n > 0;
    if (n == 0 && c->line.len > 0) /* the last line has no newline */
        say_message(c, c->line.data, c->line.len);
}

/* Until both sides have said close, or the connection has failed. */
static void talk(client *c) {
    while (ws_conn_state(c->ws) < WS_STATE_CLOSED || c->out.len > 0) {
        if (!c->reads && c->came >= c->wanted) { /* says it once, and not after an error */
            uint8_t *to = room(c, WS_MAX_OUTPUT);
            said(c, ws_conn_close(c->ws, WS_CLOSE_NORMAL, NULL, 0, to, WS_MAX_OUTPUT));
        }
        bool open = ws_conn_state(c->ws) == WS_STATE_OPEN, waits = c->out.len > 0;
        bool reads = open && c->reads && !waits;
        struct pollfd fds[] = {{c->fd, waits ? POLLIN | POLLOUT : POLLIN, 0},
                               {reads ? STDIN_FILENO : -1, POLLIN, 0}};
        int n = poll(fds, 2, reads ? -1 : PATIENCE);
        if (n == 0 && open && !waits)
            c->wanted = 0; /* no more will come */
        else if (n == 0)
            lose(c, "the server does not answer");
        if (fds[0].revents & POLLOUT)
            flush(c);
        if (fds[0].revents & ~POLLOUT)
            receive(c);
        if (fds[1].revents)
            read_lines(c);
    }
}

/* Does what the server's head answers to our offer. */
static void agree(client *c, const url *u, const uint8_t *head, size_t len) {
    ws_pmd_params params = set.compression.params;
    ws_result n = set.compression.on ? ws_pmd_confirm(head, len, &params) : 0;
    if (n > 0)
        n = ws_conn_set_pmd(c->ws, &params);
    if (n < 0)
        die(u->text, ws_strerror(n));
}

/* Sends the request, and waits for the head of the answer. */
static void shake_hands(client *c, const url *u) {
    uint8_t request[WS_MAX_HEAD], key[WS_KEY_LEN], offer[256];
    const ws_pmd_params *params = &set.compression.params;
    ws_result n = set.compression.on ? ws_pmd_offer(params, offer, sizeof offer) : 0;
    ws_request_spec spec = {.host = {u->authority, strlen(u->authority)},
                            .target = {u->target, strlen(u->target)},
                            .key = {key, sizeof key},
                            .protocols = {set.protocols, strlen(set.protocols)},
                            .extensions = {offer, n > 0 ? (size_t)n : 0}};
    ws_response answer;
    if (n >= 0)
        n = ws_make_key(key, sizeof key);
    if (n > 0)
        n = ws_build_request(&spec, sizeof spec, request, sizeof request);
    if (n < 0)
        die(u->text, n == WS_ERR_RANDOM ? ws_strerror(n) : "URL or --subprotocol is not valid");
    size_t len = (size_t)n, have = 0, got;
    int64_t deadline = now() + PATIENCE;
    if (send(c->fd, request, len, MSG_NOSIGNAL) != n)
        die(u->text, "the server hung up");
    while ((n = ws_parse_response(input, have, request, len, &answer, sizeof answer)) <= 0) {
        if (n == WS_ERR_HANDSHAKE_STATUS && answer.status < 200) { /* another head follows */
            have -= answer.head_len;
            memmove(input, input + answer.head_len, have);
            continue;
        }
        if (n == WS_ERR_HANDSHAKE_STATUS)
            fprintf(stderr, "echo_client: refused with status %d\n", answer.status);
        if (n < 0)
            die(u->text, ws_strerror(n));
        got = receive_until(deadline, c->fd, input + have, sizeof input - have);
        if (got == 0)
            die(u->text, "no answer to the opening handshake");
        have += got;
    }
    agree(c, u, input, (size_t)n);
    on_bytes(c, input + n, have - (size_t)n); /* the first frames */
}

/* Connects, and talks until the end. */
static void visit(client *c, const char *text) {
    url u = parse_url(text);
    c->ws = ws_conn_new(WS_CLIENT, NULL);
    if (!c->ws || ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, MAX_MESSAGE) != WS_OK)
        die(text, ws_strerror(WS_ERR_NO_MEMORY));
    c->fd = connect_to(&u);
    shake_hands(c, &u);
    for (size_t i = 0; i < set.count; i++)
        say_message(c, set.messages[i], strlen(set.messages[i]));
    talk(c);
    hang_up(c->fd, MOMENT);
    ws_conn_free(c->ws);
    release(&c->line);
    release(&c->out);
}

static void print_message(client *c, const ws_event *e) {
    (void)c;
    print(e->data, e->len, e->opcode == WS_OPCODE_TEXT);
}

static int converse(void) {
    client c = {.on_message = print_message, .reads = set.count == 0};
    visit(&c, set.url);
    if (!c.error && (c.reads || c.came < set.count))
        c.error = "closed before all came back";
    if (c.error)
        die(set.url, c.error);
    return 0;
}

static void echo_message(client *c, const ws_event *e) {
    say(c, e->opcode, e->data, e->len);
}

static void take_number(client *c, const ws_event *e) {
    char digits[16] = "";
    memcpy(digits, e->data, e->len < sizeof digits ? e->len : 0);
    c->number = strtol(digits, NULL, 10);
}

static int run_autobahn(void) {
    const char *base = set.url, *agent = set.agent;
    client first = {.on_message = take_number, .wanted = SIZE_MAX};
    visit(&first, place(base, "/getCaseCount"));
    if (first.number < 1)
        die(base, "no number of cases");
    for (long i = 1; i <= first.number + 1; i++) {
        client c = {.on_message = echo_message, .wanted = SIZE_MAX};
        visit(&c, i <= first.number ? place(base, "/runCase?case=%ld&agent=%s", i, agent)
                                    : place(base, "/updateReports?agent=%s", agent));
        if (i % 50 == 0)
            fprintf(stderr, "%ld of %ld cases\n", i, first.number);
    }
    return 0;
}

int main(int argc, char **argv) {
    set = read_settings(argc, argv);
    return set.autobahn ? run_autobahn() : converse();
}

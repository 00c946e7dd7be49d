/* WebSocket for a protocol that is a stream of bytes, such as MQTT or RFB.
 *
 * stream_read() and stream_write() replace read() and write() on a blocking socket. The
 * boundaries of messages and frames have no meaning for them. stream_read() decodes in
 * the caller's buffer, moves the payloads to its start and returns their length:
 * nothing is copied to another buffer, and nothing is allocated. The protocol of this
 * example sends every line back with its number. Any other protocol that uses read()
 * and write() could replace it.
 *
 * Each connection has a process. See echo_server.c for an event loop. */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "http.h"
#include "listen.h"

enum {
    MAX_FRAMES = 16,
    MAX_LINE = 4096,
    MAX_CHILDREN = 256,
    MAX_REPLY = WS_MAX_REPLY + 512,
    TIME_LIMIT = 30, /* seconds: for a handshake, and for a peer that does not read */
};

typedef struct stream {
    int fd;
    int error;   /* the errno that ended the input; 0 after a close */
    bool ended;  /* no more input is read */
    bool closed; /* our close frame was sent, and no output may follow it */
    uint8_t close_frame[WS_MAX_OUTPUT];
    size_t close_len;   /* not sent until the caller has handled the input before it */
    ws_decoder decoder; /* zeros: for a server, without a limit */
    ws_control control;
    const uint8_t *early; /* frames that arrived together with the request */
    size_t early_len;
} stream;

/* ---- output ---- */

/* Sends all parts. Changes them as it goes. */
static bool write_all(int fd, struct iovec *parts, int count) {
    while (count > 0) {
        ssize_t n = writev(fd, parts, count);
        if (n < 0 && errno != EINTR)
            return false;
        for (size_t left = n > 0 ? (size_t)n : 0; count > 0; parts++, count--) {
            size_t sent = left < parts->iov_len ? left : parts->iov_len;
            parts->iov_base = (uint8_t *)parts->iov_base + sent;
            parts->iov_len -= sent;
            left -= sent;
            if (parts->iov_len > 0)
                break;
        }
    }
    return true;
}

static bool send_bytes(int fd, const void *bytes, ws_result len) {
    struct iovec part = {(void *)bytes, len > 0 ? (size_t)len : 0};
    return len >= 0 && write_all(fd, &part, 1);
}

static void send_close(stream *s) {
    if (!s->closed)
        send_bytes(s->fd, s->close_frame, (ws_result)s->close_len);
    s->closed = true;
}

/* ---- input ---- */

/* Ends the input, and prepares our close frame. */
static void end_input(stream *s, uint16_t code, int error) {
    ws_result n = ws_control_close(&s->control, code, NULL, 0, NULL, s->close_frame,
                                   sizeof s->close_frame);
    s->close_len = n > 0 ? (size_t)n : 0;
    s->ended = true;
    s->error = error;
}

/* Responds to a ping at once. The response to a close has to wait until the caller has
 * handled the input before it: stream_read() sends it. */
static void on_control(stream *s, const ws_frame *frame, const uint8_t *buf) {
    ws_result n = ws_control_feed(&s->control, frame, buf, NULL, s->close_frame,
                                  sizeof s->close_frame);
    if (n < 0) {
        end_input(s, ws_close_code_for(n), EPROTO);
    } else if (ws_control_close_code(&s->control) != 0) {
        s->close_len = (size_t)n;
        s->ended = true;
    } else {
        send_bytes(s->fd, s->close_frame, n); /* the next call notices a failure */
    }
}

/* Moves the payload of a frame to `to`. A stream is binary: text is refused. */
static size_t take_payload(stream *s, const ws_frame *f, const uint8_t *buf,
                           uint8_t *to) {
    if (f->opcode >= WS_OPCODE_CLOSE) {
        on_control(s, f, buf);
        return 0;
    }
    if (f->message_opcode == WS_OPCODE_TEXT) {
        end_input(s, WS_CLOSE_UNSUPPORTED_DATA, EPROTO);
        return 0;
    }
    memmove(to, buf + f->chunk_off, (size_t)f->chunk_len);
    return (size_t)f->chunk_len;
}

/* Decodes input in place, and moves the payloads to its start. Returns their length. */
static size_t decode(stream *s, uint8_t *buf, size_t len) {
    ws_frame frames[MAX_FRAMES];
    size_t payload = 0, done = 0, used;
    while (done < len && !s->ended) {
        ws_result n = ws_decoder_feed(&s->decoder, buf + done, len - done, frames,
                                      MAX_FRAMES, &used);
        for (ws_result i = 0; i < n && !s->ended; i++)
            payload += take_payload(s, &frames[i], buf + done, buf + payload);
        if (n < 0)
            end_input(s, ws_close_code_for(n), EPROTO);
        done += used;
    }
    return payload;
}

/* Reads the early frames first. */
static ssize_t read_frames(stream *s, void *buf, size_t len) {
    size_t n = s->early_len < len ? s->early_len : len;
    if (n == 0)
        return read(s->fd, buf, len);
    memcpy(buf, s->early, n);
    s->early += n;
    s->early_len -= n;
    return (ssize_t)n;
}

/* ---- read() and write() ---- */

/* Like read(2). Returns 0 after a close. The end of the connection without a close is
 * ECONNRESET, and a peer that violates the protocol is EPROTO. */
static ssize_t stream_read(stream *s, void *buf, size_t len) {
    while (!s->ended) {
        ssize_t n = read_frames(s, buf, len);
        if (n < 0)
            return n;
        size_t payload = decode(s, buf, (size_t)n);
        if (payload > 0)
            return (ssize_t)payload; /* the next call reports a close or an error */
        if (n == 0) {
            s->ended = s->closed = true;
            s->error = ECONNRESET;
        }
    }
    send_close(s);
    errno = s->error;
    return s->error == 0 ? 0 : -1;
}

/* Sends all bytes, as one binary message. Returns len, or -1. */
static ssize_t stream_write(stream *s, const void *data, size_t len) {
    uint8_t header[WS_MAX_HEADER];
    ws_result n =
        ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, len, header, sizeof header);
    struct iovec parts[] = {{header, n > 0 ? (size_t)n : 0}, {(void *)data, len}};
    if (n < 0 || s->closed) {
        errno = EPIPE;
        return -1;
    }
    return write_all(s->fd, parts, 2) ? (ssize_t)len : -1;
}

/* Waits for the peer to close the connection. To close the socket at once could destroy
 * output on its way (RFC 6455, 7.1.1). */
static void stream_close(stream *s) {
    char rest[4096];
    if (!s->ended)
        end_input(s, WS_CLOSE_NORMAL, 0);
    send_close(s);
    shutdown(s->fd, SHUT_WR);
    alarm(TIME_LIMIT); /* SIGALRM ends the process */
    while (read(s->fd, rest, sizeof rest) > 0)
        ;
    close(s->fd);
}

/* ---- the opening handshake ---- */

static const char *origins; /* pages that may connect; NULL: any */

/* A request without an Origin is not from a browser. */
static bool may_connect(const uint8_t *head, ws_span origin) {
    return !origins || origin.off == 0 ||
           ws_origin_allowed(head + origin.off, origin.len, origins, strlen(origins));
}

static ws_result build_acceptance(const uint8_t *head, const ws_handshake *hs,
                                  uint8_t *out) {
    static const char protocols[] = "binary";
    ws_response_spec spec = {.key = {head + hs->key.off, hs->key.len}};
    ws_span chosen;
    if (ws_select_protocol(head, hs->head_len, protocols, strlen(protocols), &chosen) >
        0)
        spec.protocol = (ws_bytes){protocols + chosen.off, chosen.len};
    return ws_build_response(&spec, sizeof spec, out, MAX_REPLY);
}

/* Writes the response to a complete head. Returns true if it opens the stream. */
static bool respond(const uint8_t *head, size_t len, uint8_t *out, ws_result *out_len) {
    ws_handshake hs;
    ws_result n = ws_parse_handshake(head, len, &hs, sizeof hs);
    bool accepted = n > 0 && may_connect(head, hs.origin);
    if (accepted)
        *out_len = build_acceptance(head, &hs, out);
    else if (n > 0)
        *out_len = build_reply(403, "", "this page may not connect\n", out, MAX_REPLY);
    else if (n == WS_ERR_NOT_UPGRADE)
        *out_len = build_plain_reply(head, len, out, MAX_REPLY);
    else
        *out_len = build_reply(ws_http_status(n), "", ws_strerror(n), out, MAX_REPLY);
    return accepted;
}

/* Reads a request into `buf`, and responds to it. Returns the length of its head, or 0
 * if no stream is opened. *have is the number of bytes read: frames may follow the
 * head. */
static size_t read_request(int fd, uint8_t *buf, size_t cap, size_t *have) {
    uint8_t out[MAX_REPLY];
    size_t scanned = 0;
    ws_result n, len = 0;
    while ((n = ws_head_length(buf, *have, &scanned)) == 0) {
        ssize_t got = read(fd, buf + *have, cap - *have);
        if (got <= 0)
            return 0;
        *have += (size_t)got;
    }
    bool accepted = n > 0 && respond(buf, *have, out, &len);
    if (n < 0)
        len = build_reply(ws_http_status(n), "", ws_strerror(n), out, sizeof out);
    return send_bytes(fd, out, len) && accepted ? (size_t)n : 0;
}

/* ---- the protocol of the stream: lines ---- */

/* Sends a line back. `line` includes its newline. */
static bool send_back(stream *s, const char *line, size_t len, unsigned number) {
    char numbered[MAX_LINE + 16];
    int n = snprintf(numbered, sizeof numbered, "%u: ", number);
    memcpy(numbered + n, line, len);
    return stream_write(s, numbered, (size_t)n + len) >= 0;
}

/* Handles lines until the stream ends, or a line is too long. */
static void serve_lines(stream *s) {
    char lines[MAX_LINE], *newline;
    size_t have = 0;
    unsigned number = 0;
    ssize_t n;
    while (have < MAX_LINE && (n = stream_read(s, lines + have, MAX_LINE - have)) > 0) {
        have += (size_t)n;
        while ((newline = memchr(lines, '\n', have)) != NULL) {
            size_t len = (size_t)(newline - lines) + 1;
            if (!send_back(s, lines, len, ++number))
                return;
            have -= len;
            memmove(lines, lines + len, have);
        }
    }
}

/* ---- processes ---- */

static void serve(int fd) {
    static uint8_t request[2 * WS_MAX_HEAD];
    const struct timeval limit = {.tv_sec = TIME_LIMIT};
    size_t have = 0;
    signal(SIGPIPE, SIG_IGN); /* write() fails with EPIPE instead */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    set_socket(fd, IPPROTO_TCP, TCP_NODELAY);
    set_socket(fd, SOL_SOCKET, SO_KEEPALIVE);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    alarm(TIME_LIMIT);
    size_t head = read_request(fd, request, sizeof request, &have);
    alarm(0);
    stream s = {.fd = fd, .early = request + head, .early_len = have - head};
    s.ended = s.closed = head == 0;
    if (!s.ended)
        serve_lines(&s);
    stream_close(&s);
}

/* Waits for children that have ended; for one that has not, if there are too many. */
static void on_connection(int listener) {
    static int children;
    while (waitpid(-1, NULL, children < MAX_CHILDREN ? WNOHANG : 0) > 0)
        children--;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        serve(fd);
        _exit(0);
    }
    children += child > 0;
    close(fd);
}

/* ---- the command line ---- */

static const char *host = "127.0.0.1", *port = "8080";

static void print_help(void) {
    printf(
        "Usage: byte_stream [--host HOST] [--port PORT] [--origin LIST]\n\n"
        "Sends every line back with its number, in binary WebSocket messages. A line\n"
        "has at most %d bytes, and messages may begin and end anywhere.\n\n"
        "  --host HOST    the address to listen on (127.0.0.1)\n"
        "  --port PORT    0 for a free one (8080)\n"
        "  --origin LIST  pages that may connect; without it, any page may\n"
        "  --version      print the version of the library\n"
        "  --help         print this text\n",
        MAX_LINE);
    exit(0);
}

static void set_option(int option, const char *value) {
    switch (option) {
    case 'h': host = value; break;
    case 'p':
        parse_number("--port", value, 0, 65535);
        port = value;
        break;
    case 'o': origins = value; break;
    case 'V': print_version(); break;
    case 'H': print_help(); break;
    }
}

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"origin", required_argument, NULL, 'o'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    int option;
    set_program(argv[0]);
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        set_option(option, optarg);
    }
    if (optind < argc)
        reject(argv[optind], "unexpected argument");
    const ws_accept_spec spec = {.origins = {origins, origins ? strlen(origins) : 0}};
    check_accept_spec(&spec);
}

int main(int argc, char **argv) {
    int listener;
    read_options(argc, argv);
    start_listening("http", host, port, false, &listener, 1);
    catch_signals();
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    while (!stopping)
        if (poll(&waiting, 1, 1000) > 0)
            on_connection(listener);
    return 0;
}

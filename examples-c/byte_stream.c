/* WebSocket below a protocol that is a stream of bytes, such as MQTT or RFB.
 *
 * ws_read() and ws_write() take the places of read() and write() on a blocking socket. Where
 * messages and frames begin and end means nothing to them. ws_read() decodes in the caller's own
 * buffer, moves the payloads together there and returns their length: no byte is copied
 * elsewhere, and nothing is allocated. The protocol in this example sends every line back with
 * its number; any program that calls read() and write() could stand in its place.
 *
 * One process serves one connection. See echo_server.c for an event loop. */
#define _GNU_SOURCE
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <wscodec.h>

#include "http.h"
#include "server.h"

enum { MAX_FRAMES = 16, MAX_LINE = 4096, MAX_LISTENERS = 8, MAX_CHILDREN = 256 };
enum { PATIENCE = 30 }; /* seconds, for a handshake, and for a peer to take what we send */

typedef struct ws_stream {
    int fd;
    int error;   /* errno of what ended it; 0 after a close */
    bool ended;  /* nothing more is read */
    bool closed; /* our close frame was sent: nothing more is written */
    uint8_t close_frame[WS_MAX_OUTPUT];
    size_t close_len; /* it waits until the caller has answered what came before */
    ws_decoder decoder; /* zeros: of a server, without a limit */
    ws_control control;
    const uint8_t *early; /* frames that came together with the request */
    size_t early_len;
} ws_stream;

/* ---- read() and write() ---- */

static bool write_all(int fd, struct iovec *parts, int count) {
    while (count > 0) {
        ssize_t n = writev(fd, parts, count);
        if (n < 0 && errno != EINTR)
            return false;
        for (size_t left = n > 0 ? (size_t)n : 0; count > 0; parts++, count--) {
            size_t taken = left < parts->iov_len ? left : parts->iov_len;
            parts->iov_base = (uint8_t *)parts->iov_base + taken;
            parts->iov_len -= taken;
            left -= taken;
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

/* Ends the stream with a close frame of ours. */
static void end_stream(ws_stream *s, uint16_t code, int error) {
    ws_result n = ws_control_close(&s->control, code, NULL, 0, NULL, s->close_frame,
                                   sizeof s->close_frame);
    s->close_len = n > 0 ? (size_t)n : 0;
    s->ended = true;
    s->error = error;
}

static void send_close(ws_stream *s) {
    if (!s->closed)
        send_bytes(s->fd, s->close_frame, (ws_result)s->close_len);
    s->closed = true;
}

/* Answers a ping at once, and the peer's close when the caller has read what came before it. */
static void on_control(ws_stream *s, const ws_frame *frame, const uint8_t *buf) {
    ws_result n = ws_control_feed(&s->control, frame, buf, NULL, s->close_frame,
                                  sizeof s->close_frame);
    if (n < 0) {
        end_stream(s, ws_close_code_for(n), EPROTO);
    } else if (ws_control_close_code(&s->control) != 0) {
        s->close_len = (size_t)n;
        s->ended = true;
    } else {
        send_bytes(s->fd, s->close_frame, n); /* if that fails, so does the next read or write */
    }
}

/* Decodes what was read, and moves the payload to the front of buf. Returns its length. */
static size_t unwrap(ws_stream *s, uint8_t *buf, size_t len) {
    ws_frame frames[MAX_FRAMES];
    size_t payload = 0, done = 0, used;
    while (done < len && !s->ended) {
        ws_result n = ws_decoder_feed(&s->decoder, buf + done, len - done, frames, MAX_FRAMES,
                                      &used);
        for (ws_result i = 0; i < n && !s->ended; i++) {
            const ws_frame *f = &frames[i];
            if (f->opcode >= WS_OPCODE_CLOSE) {
                on_control(s, f, buf + done);
            } else if (f->message_opcode == WS_OPCODE_TEXT) { /* its bytes are characters */
                end_stream(s, WS_CLOSE_UNSUPPORTED_DATA, EPROTO);
            } else {
                memmove(buf + payload, buf + done + f->chunk_off, (size_t)f->chunk_len);
                payload += (size_t)f->chunk_len;
            }
        }
        if (n < 0)
            end_stream(s, ws_close_code_for(n), EPROTO);
        done += used;
    }
    return payload;
}

/* What came with the request comes first. */
static ssize_t read_frames(ws_stream *s, void *buf, size_t len) {
    size_t n = s->early_len < len ? s->early_len : len;
    if (n == 0)
        return read(s->fd, buf, len);
    memcpy(buf, s->early, n);
    s->early += n;
    s->early_len -= n;
    return (ssize_t)n;
}

/* As read(2). 0 is the end that a close brings; the end of the connection without a close is
 * ECONNRESET, and EPROTO a peer that breaks the protocol. */
static ssize_t ws_read(ws_stream *s, void *buf, size_t len) {
    while (!s->ended) {
        ssize_t n = read_frames(s, buf, len);
        if (n < 0)
            return n;
        size_t payload = unwrap(s, buf, (size_t)n);
        if (payload > 0)
            return (ssize_t)payload; /* a close or an error behind it is for the next call */
        if (n == 0) {
            s->ended = s->closed = true;
            s->error = ECONNRESET;
        }
    }
    send_close(s);
    errno = s->error;
    return s->error == 0 ? 0 : -1;
}

/* Sends all of it, as one binary message. Returns len, or -1. */
static ssize_t ws_write(ws_stream *s, const void *data, size_t len) {
    uint8_t header[WS_MAX_HEADER];
    ws_result n = ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, len, header, sizeof header);
    struct iovec parts[] = {{header, n > 0 ? (size_t)n : 0}, {(void *)data, len}};
    if (n < 0 || s->closed) {
        errno = EPIPE;
        return -1;
    }
    return write_all(s->fd, parts, 2) ? (ssize_t)len : -1;
}

/* Closes such that nothing gets lost (RFC 6455, 7.1.1). */
static void ws_hang_up(ws_stream *s) {
    char rest[4096];
    if (!s->ended)
        end_stream(s, WS_CLOSE_NORMAL, 0);
    send_close(s);
    shutdown(s->fd, SHUT_WR);
    alarm(PATIENCE);
    while (read(s->fd, rest, sizeof rest) > 0)
        ;
    close(s->fd);
}

/* ---- the opening handshake ---- */

static const char *origins; /* that may connect; NULL: any */

/* Writes the answer to a complete head. Returns true if it is a 101. */
static bool answer_head(const uint8_t *head, size_t len, uint8_t *answer, size_t cap,
                        ws_result *answer_len) {
    static const char protocols[] = "binary";
    ws_handshake hs;
    ws_span chosen;
    ws_result n = ws_parse_handshake(head, len, &hs, sizeof hs);
    bool allowed = !origins || hs.origin.len + hs.origin.off == 0 ||
                   ws_origin_allowed(head + hs.origin.off, hs.origin.len, origins,
                                     strlen(origins));
    if (n == WS_ERR_NOT_UPGRADE)
        *answer_len = answer_plain_request(head, len, answer, cap);
    else if (n <= 0)
        *answer_len = reply(ws_http_status(n), "", ws_strerror(n), answer, cap);
    else if (!allowed)
        *answer_len = reply(403, "", "this page may not connect\n", answer, cap);
    if (n <= 0 || !allowed)
        return false;
    ws_result picked = ws_select_protocol(head, (size_t)n, protocols, strlen(protocols), &chosen);
    ws_response_spec spec = {.key = {head + hs.key.off, hs.key.len}};
    if (picked == 1)
        spec.protocol = (ws_bytes){protocols + chosen.off, chosen.len};
    *answer_len = ws_build_response(&spec, sizeof spec, answer, cap);
    return *answer_len > 0;
}

/* Reads a request into `buf`, and answers it. Returns the length of its head, 0 if there will be
 * no WebSocket. *have is how much was read: the first frames may be behind the head. */
static size_t shake_hands(int fd, uint8_t *buf, size_t cap, size_t *have) {
    uint8_t answer[WS_MAX_REPLY + 512];
    size_t scanned = 0;
    ws_result n, len = 0;
    while ((n = ws_head_length(buf, *have, &scanned)) == 0) {
        ssize_t got = read(fd, buf + *have, cap - *have);
        if (got <= 0)
            return 0;
        *have += (size_t)got;
    }
    bool open = n > 0 && answer_head(buf, *have, answer, sizeof answer, &len);
    if (n < 0)
        len = reply(ws_http_status(n), "", ws_strerror(n), answer, sizeof answer);
    return send_bytes(fd, answer, len) && open ? (size_t)n : 0;
}

/* ---- the protocol above: lines ---- */

/* Sends a line back. `line` includes its newline. */
static bool answer_line(ws_stream *s, const char *line, size_t len, unsigned number) {
    char answer[MAX_LINE + 16];
    int n = snprintf(answer, sizeof answer, "%u: ", number);
    memcpy(answer + n, line, len);
    return ws_write(s, answer, (size_t)n + len) >= 0;
}

/* Until the end of the stream, or of our patience with a line. */
static void serve_lines(ws_stream *s) {
    char lines[MAX_LINE], *newline;
    size_t have = 0;
    unsigned number = 0;
    ssize_t n;
    while (have < MAX_LINE && (n = ws_read(s, lines + have, MAX_LINE - have)) > 0) {
        have += (size_t)n;
        while ((newline = memchr(lines, '\n', have)) != NULL) {
            size_t len = (size_t)(newline - lines) + 1;
            if (!answer_line(s, lines, len, ++number))
                return;
            memmove(lines, lines + len, have -= len);
        }
    }
}

/* ---- processes ---- */

static void serve(int fd) {
    static uint8_t request[2 * WS_MAX_HEAD];
    const struct timeval patience = {.tv_sec = PATIENCE};
    size_t have = 0;
    int yes = 1;
    signal(SIGPIPE, SIG_IGN); /* write() says EPIPE instead */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    alarm(PATIENCE);
    size_t head = shake_hands(fd, request, sizeof request, &have);
    alarm(0);
    ws_stream s = {.fd = fd, .early = request + head, .early_len = have - head};
    s.ended = s.closed = head == 0;
    if (!s.ended)
        serve_lines(&s);
    ws_hang_up(&s);
}

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

int main(int argc, char **argv) {
    static const struct option options[] = {{"host", 1, NULL, 'h'},   {"port", 1, NULL, 'p'},
                                            {"origin", 1, NULL, 'o'}, {"version", 0, NULL, 'V'},
                                            {"help", 0, NULL, 'H'},   {NULL, 0, NULL, 0}};
    const char *host = "127.0.0.1", *port = "8080";
    int option, listener;
    program = "byte_stream";
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'h': host = optarg; break;
        case 'p': number("--port", port = optarg, 0, 65535); break;
        case 'o': origins = optarg; break;
        case 'V': printf("byte_stream, wscodec %s\n", ws_version_string()); return 0;
        case 'H':
            puts("Usage: byte_stream [--host HOST] [--port PORT] [--origin LIST]\n\n"
                 "Sends every line back with its number, over binary WebSocket messages. Lines\n"
                 "are at most 4096 bytes long, and may be cut into messages anywhere.\n\n"
                 "  --host HOST    to listen on (127.0.0.1)\n"
                 "  --port PORT    0 for a free one (8080)\n"
                 "  --origin LIST  pages that may connect; else any page of any browser may\n"
                 "  --version      of the library\n"
                 "  --help         this text");
            return 0;
        default: return 2; /* getopt_long() has said what is wrong */
        }
    }
    if (optind < argc)
        reject(argv[optind], "unexpected argument");
    const ws_accept_spec spec = {.origins = {origins, origins ? strlen(origins) : 0}};
    check_spec(&spec);
    start_listening(host, port, false, &listener, 1);
    catch_signals();
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    while (!stopping)
        if (poll(&waiting, 1, 1000) > 0)
            on_connection(listener);
    return 0;
}

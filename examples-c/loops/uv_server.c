/* An echo server on libuv.
 *
 * Output is written at once if the socket accepts it; the rest is written while the
 * loop continues. Reading stops until then. */
#define _GNU_SOURCE
#include <uv.h>

#include "echo.h"

enum { READ_SIZE = 64 << 10 };

typedef struct connection {
    peer peer;
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    size_t lent; /* bytes that `write` sends */
} connection;

static uv_loop_t *loop;
static uv_tcp_t listeners[MAX_LISTENERS];
static int listener_count;

/* ---- output ---- */

static uv_stream_t *stream_of(connection *c) {
    return (uv_stream_t *)&c->tcp;
}

static void on_written(uv_write_t *write, int status) {
    connection *c = write->data;
    if (status < 0)
        drop(&c->peer, uv_strerror(status));
    peer_sent(&c->peer, c->lent);
    update_peer(&c->peer);
    check_deadlines();
}

static uv_buf_t to_buf(ws_bytes bytes) {
    return uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
}

static void send_output(connection *c) {
    peer *p = &c->peer;
    ws_bytes out;
    while (!p->lent && (out = peer_output(p)).len > 0) {
        uv_buf_t buf = to_buf(out);
        int n = uv_try_write(stream_of(c), &buf, 1);
        if (n < 0 && n != UV_EAGAIN)
            drop(p, uv_strerror(n));
        peer_sent(p, n > 0 ? (size_t)n : 0);
        if (!p->waits)
            continue;
        buf = to_buf(peer_lend(p));
        c->lent = buf.len;
        c->write.data = c;
        if (p->lent)
            uv_write(&c->write, stream_of(c), &buf, 1, on_written);
    }
}

/* ---- input ---- */

static void on_alloc(uv_handle_t *tcp, size_t size, uv_buf_t *buf) {
    static char input[READ_SIZE]; /* for all peers */
    (void)tcp, (void)size;
    *buf = uv_buf_init(input, sizeof input);
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf) {
    connection *c = tcp->data;
    if (n > 0)
        peer_input(&c->peer, (uint8_t *)buf->base, (size_t)n);
    else if (n < 0)
        peer_end(&c->peer);
    update_peer(&c->peer);
    check_deadlines();
}

/* ---- connections ---- */

static void on_closed(uv_handle_t *tcp) {
    connection *c = tcp->data;
    peer_remove(&c->peer);
    free(c);
}

/* libuv before 1.44.2 calls it without a check. */
static void on_shut_down(uv_shutdown_t *shutdown, int status) {
    (void)shutdown, (void)status;
}

static void update_peer(peer *p) {
    connection *c = (connection *)p;
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    send_output(c);
    if (peer_finishes(p))
        uv_shutdown(&c->shutdown, stream_of(c), on_shut_down);
    if (p->state == DROPPED)
        uv_close((uv_handle_t *)&c->tcp, on_closed);
    else if (peer_reads(p))
        uv_read_start(stream_of(c), on_alloc, on_read);
    else
        uv_read_stop(stream_of(c));
}

static void on_refused(uv_handle_t *tcp) {
    free(tcp->data);
}

static void on_connection(uv_stream_t *listener, int status) {
    uv_os_fd_t fd;
    connection *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (status < 0)
        return;
    if (!c)
        die("libuv", ws_strerror(WS_ERR_NO_MEMORY));
    uv_tcp_init(loop, &c->tcp);
    c->tcp.data = c;
    uv_accept(listener, stream_of(c));
    uv_tcp_nodelay(&c->tcp, 1);
    uv_fileno((uv_handle_t *)&c->tcp, &fd);
    if (peer_add(&c->peer, peer_address(fd)))
        update_peer(&c->peer);
    else
        uv_close((uv_handle_t *)&c->tcp, on_refused);
}

/* ---- the loop ---- */

static void on_second(uv_timer_t *timer) {
    (void)timer;
    peers_tick();
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    uv_signal_stop(handle);
    for (int i = 0; i < listener_count; i++)
        if (!uv_is_closing((uv_handle_t *)&listeners[i]))
            uv_close((uv_handle_t *)&listeners[i], NULL);
    peers_close();
}

static void close_handle(uv_handle_t *handle, void *unused) {
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

int main(int argc, char **argv) {
    int fds[MAX_LISTENERS], numbers[] = {SIGINT, SIGTERM};
    uv_timer_t timer;
    uv_signal_t signals[2];
    configure_echo(argc, argv, "Uses libuv.");
    loop = uv_default_loop();
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_second, 1000, 1000);
    uv_unref((uv_handle_t *)&timer);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&signals[i]);
    }
    listener_count = listen_for_clients(fds);
    for (int i = 0; i < listener_count; i++) {
        uv_tcp_init(loop, &listeners[i]);
        uv_tcp_open(&listeners[i], fds[i]);
        int error = uv_listen((uv_stream_t *)&listeners[i], SOMAXCONN, on_connection);
        if (error < 0)
            die("uv_listen", uv_strerror(error));
    }
    uv_run(loop, UV_RUN_DEFAULT); /* until all listeners and connections are closed */
    release_peers();
    uv_walk(loop, close_handle, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}

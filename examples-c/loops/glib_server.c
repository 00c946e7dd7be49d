/* An echo server on the main loop of GLib, with sources of GSocket. */
#define _GNU_SOURCE
#include <gio/gio.h>
#include <glib-unix.h>

#include "echo.h"

enum { READ_SIZE = 64 << 10 };

typedef struct connection {
    peer peer;
    GSocket *socket;
    GSource *source;
    GIOCondition condition; /* that `source` waits for */
} connection;

typedef struct listener {
    GSocket *socket;
    GSource *source; /* NULL: paused */
} listener;

static listener listeners[MAX_LISTENERS];
static int listener_count;

static gboolean on_ready(GSocket *socket, GIOCondition condition, gpointer data);

/* ---- sources ---- */

static GSource *add_source(GSocket *socket, GIOCondition condition,
                           GSocketSourceFunc function, void *data) {
    GSource *source = g_socket_create_source(socket, condition, NULL);
    g_source_set_callback(source, G_SOURCE_FUNC(function), data, NULL);
    g_source_attach(source, NULL);
    return source;
}

static void remove_source(GSource *source) {
    g_source_destroy(source);
    g_source_unref(source);
}

/* The condition of a source cannot change, hence a new source. */
static void wait_for(connection *c, GIOCondition condition) {
    if (c->condition == condition)
        return;
    if (c->source)
        remove_source(c->source);
    c->source = add_source(c->socket, condition, on_ready, c);
    c->condition = condition;
}

/* ---- connections ---- */

/* Clears the error. Returns true if the socket is only not ready. */
static bool would_block(GError **error) {
    bool blocks = g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_clear_error(error);
    return blocks;
}

static void send_output(connection *c) {
    peer *p = &c->peer;
    GError *error = NULL;
    ws_bytes out;
    do {
        out = peer_output(p);
        if (out.len == 0)
            return;
        gssize n = g_socket_send(c->socket, out.data, out.len, NULL, &error);
        if (n < 0 && !would_block(&error))
            drop(p, "cannot send");
        peer_sent(p, n > 0 ? (size_t)n : 0);
    } while (!p->waits);
}

static void receive(connection *c) {
    static char input[READ_SIZE]; /* for all peers */
    GError *error = NULL;
    gssize n = g_socket_receive(c->socket, input, sizeof input, NULL, &error);
    if (n > 0)
        peer_input(&c->peer, (uint8_t *)input, (size_t)n);
    else if (n == 0 || !would_block(&error))
        peer_end(&c->peer);
}

static void update_peer(peer *p) {
    connection *c = (connection *)p;
    send_output(c);
    if (peer_finishes(p))
        g_socket_shutdown(c->socket, FALSE, TRUE, NULL);
    if (p->state != DROPPED) {
        wait_for(c, peer_reads(p) ? G_IO_IN : G_IO_OUT);
        return;
    }
    peer_remove(p);
    remove_source(c->source);
    g_object_unref(c->socket); /* closes it */
    free(c);
}

static gboolean on_ready(GSocket *socket, GIOCondition condition, gpointer data) {
    connection *c = data;
    (void)socket, (void)condition;
    if (peer_reads(&c->peer))
        receive(c);
    update_peer(&c->peer);
    return G_SOURCE_CONTINUE;
}

static void add_connection(int fd) {
    GSocket *socket = g_socket_new_from_fd(fd, NULL);
    if (!socket) {
        close(fd);
        return;
    }
    connection *c = g_new0(connection, 1);
    c->socket = socket;
    g_socket_set_blocking(socket, FALSE);
    if (peer_add(&c->peer, peer_address(fd))) {
        wait_for(c, G_IO_IN);
    } else {
        g_object_unref(socket);
        g_free(c);
    }
}

/* ---- listeners ---- */

static void stop_listener(listener *l) {
    if (l->source)
        remove_source(l->source);
    l->source = NULL;
}

/* Clients that can be neither accepted nor refused wait until the next second. */
static gboolean on_client(GSocket *socket, GIOCondition condition, gpointer data) {
    (void)condition;
    int fd = accept_client(g_socket_get_fd(socket));
    if (fd >= 0)
        add_connection(fd);
    else if (must_pause())
        stop_listener(data);
    return G_SOURCE_CONTINUE;
}

static void resume_listeners(void) {
    for (int i = 0; i < listener_count; i++) {
        listener *l = &listeners[i];
        if (!l->source)
            l->source = add_source(l->socket, G_IO_IN, on_client, l);
    }
}

static void start_listeners(void) {
    int fds[MAX_LISTENERS];
    listener_count = listen_for_clients(fds);
    for (int i = 0; i < listener_count; i++)
        listeners[i].socket = g_socket_new_from_fd(fds[i], NULL);
    resume_listeners();
}

static void close_listeners(void) {
    for (int i = 0; i < listener_count; i++) {
        stop_listener(&listeners[i]);
        g_object_unref(listeners[i].socket);
    }
    listener_count = 0;
}

/* ---- the loop ---- */

static gboolean on_second(gpointer unused) {
    (void)unused;
    peers_tick();
    resume_listeners();
    return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer loop) {
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
    configure_echo(argc, argv, "Uses the main loop of GLib.");
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    g_timeout_add_seconds(1, on_second, NULL);
    g_unix_signal_add(SIGINT, on_signal, loop);
    g_unix_signal_add(SIGTERM, on_signal, loop);
    start_listeners();
    g_main_loop_run(loop);
    close_listeners();
    peers_close();
    while (peer_count > 0)
        g_main_context_iteration(NULL, TRUE);
    release_peers();
    g_main_loop_unref(loop);
    return 0;
}

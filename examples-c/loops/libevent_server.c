/* An echo server on libevent, with bufferevents. */
#define _GNU_SOURCE
#include "bufferevents.h"

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int len, void *unused) {
    struct event_base *base = evconnlistener_get_base(listener);
    (void)address, (void)len, (void)unused;
    struct bufferevent *bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    connection *c = bev ? add_connection(bev) : NULL;
    if (c)
        update_peer(&c->peer);
    else if (bev)
        bufferevent_free(bev);
    else
        close(fd);
}

static void free_connection(connection *c) {
    bufferevent_free(c->bev);
    free(c);
}

int main(int argc, char **argv) {
    int fds[MAX_LISTENERS];
    struct evconnlistener *listeners[MAX_LISTENERS];
    configure_echo(argc, argv, "Uses the bufferevents of libevent.");
    struct event_base *base = event_base_new();
    catch_stop_signals(base);
    int count = listen_for_clients(fds);
    for (int i = 0; i < count; i++) {
        listeners[i] = evconnlistener_new(base, on_connection, NULL,
                                          LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                                          0, fds[i]);
        evconnlistener_set_error_cb(listeners[i], on_accept_error);
    }
    dispatch_until_stopped(base);
    for (int i = 0; i < count; i++)
        evconnlistener_free(listeners[i]);
    close_connections(base);
    event_base_free(base);
    libevent_global_shutdown();
    return 0;
}

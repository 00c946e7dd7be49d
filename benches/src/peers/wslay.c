/* The part of wslay's event API that the comparisons use: a server that reads a stream. */

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

typedef void (*on_message)(const uint8_t *data, size_t len, void *user);

struct receiver {
    wslay_event_context_ptr context;
    const uint8_t *input;
    size_t left;
    on_message each;
    void *user;
};

static ssize_t receive(wslay_event_context_ptr context, uint8_t *buf, size_t len, int flags,
                       void *user) {
    struct receiver *receiver = user;
    (void)flags;
    if (receiver->left == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > receiver->left) {
        len = receiver->left;
    }
    memcpy(buf, receiver->input, len);
    receiver->input += len;
    receiver->left -= len;
    return (ssize_t)len;
}

static void received(wslay_event_context_ptr context,
                     const struct wslay_event_on_msg_recv_arg *message, void *user) {
    struct receiver *receiver = user;
    (void)context;
    receiver->each(message->msg, message->msg_length, receiver->user);
}

struct receiver *bench_wslay_receiver(void) {
    struct wslay_event_callbacks callbacks = {
        .recv_callback = receive,
        .on_msg_recv_callback = received,
    };
    struct receiver *receiver = calloc(1, sizeof *receiver);
    if (receiver != NULL &&
        wslay_event_context_server_init(&receiver->context, &callbacks, receiver) != 0) {
        free(receiver);
        return NULL;
    }
    return receiver;
}

void bench_wslay_receiver_free(struct receiver *receiver) {
    wslay_event_context_free(receiver->context);
    free(receiver);
}

/* Calls `each` for every message. Returns 0, or an error. */
int bench_wslay_receive(struct receiver *receiver, const uint8_t *input, size_t len,
                        on_message each, void *user) {
    receiver->input = input;
    receiver->left = len;
    receiver->each = each;
    receiver->user = user;
    return wslay_event_recv(receiver->context);
}

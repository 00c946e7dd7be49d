/* The part of wslay's event API that the comparison uses: one side that reads a stream. */

#include <string.h>
#include <wslay/wslay.h>

typedef void (*on_message)(uint8_t opcode, const uint8_t *data, size_t len, void *user);

struct input {
    const uint8_t *at;
    size_t left;
    on_message each;
    void *user;
};

static ssize_t receive(wslay_event_context_ptr context, uint8_t *buf, size_t len, int flags,
                       void *user) {
    struct input *input = user;
    (void)flags;
    if (input->left == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    if (len > input->left) {
        len = input->left;
    }
    memcpy(buf, input->at, len);
    input->at += len;
    input->left -= len;
    return (ssize_t)len;
}

static ssize_t discard(wslay_event_context_ptr context, const uint8_t *data, size_t len, int flags,
                       void *user) {
    (void)context, (void)data, (void)flags, (void)user;
    return (ssize_t)len;
}

static int zeros(wslay_event_context_ptr context, uint8_t *buf, size_t len, void *user) {
    (void)context, (void)user;
    memset(buf, 0, len);
    return 0;
}

static void received(wslay_event_context_ptr context,
                     const struct wslay_event_on_msg_recv_arg *message, void *user) {
    struct input *input = user;
    (void)context;
    input->each(message->opcode, message->msg, message->msg_length, input->user);
}

/* Reads a whole stream. Returns 0 if all of it is valid; else the code of wslay's close frame, 1005
 * if it has none; -1 without memory. */
int fuzz_wslay_read(int client, uint64_t max_message, const uint8_t *data, size_t len,
                    on_message each, void *user) {
    struct wslay_event_callbacks callbacks = {
        .recv_callback = receive,
        .send_callback = discard,
        .genmask_callback = zeros,
        .on_msg_recv_callback = received,
    };
    struct input input = {data, len, each, user};
    wslay_event_context_ptr context;
    int made = client ? wslay_event_context_client_init(&context, &callbacks, &input)
                      : wslay_event_context_server_init(&context, &callbacks, &input);
    int fault = 0;
    if (made != 0) {
        return -1;
    }
    wslay_event_config_set_max_recv_msg_length(context, max_message);
    if (wslay_event_recv(context) != 0 || (!wslay_event_get_read_enabled(context) &&
                                           !wslay_event_get_close_received(context))) {
        wslay_event_send(context);
        fault = wslay_event_get_status_code_sent(context);
        if (fault == 0) {
            fault = WSLAY_CODE_NO_STATUS_RCVD;
        }
    }
    wslay_event_context_free(context);
    return fault;
}

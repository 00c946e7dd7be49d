/* An HTTP/2 session: nghttp2 on one side, one peer for each stream on the other.
 *
 * It does no input and no output. Bytes from the client go to session_input(), bytes
 * for it come from session_output(). Callbacks of nghttp2 handle input and write into
 * the peers' buffers; nothing is sent before session_output(). */
#ifndef H2_SESSION_H
#define H2_SESSION_H

#include "stream.h"

/* A client may send STREAM_WINDOW bytes on each stream before the server has handled
 * any of them. The window of the connection does not wait for slow streams: they would
 * hold up the others. */
enum {
    MAX_STREAMS = 100,
    STREAM_WINDOW = 128 << 10,
    CONNECTION_WINDOW = 1 << 20,
    MAX_FRAMES = 32 << 10, /* bytes of output that session_output() collects */
    MAX_RESETS = 1000,     /* of streams by the client, at once, */
    RESET_RATE = 33,       /* and then per second */
    MAX_ACKS = 1000,       /* of SETTINGS and PING, that wait */
    CLOSE_SECONDS = 1,     /* see session_tick() */
};

/* ---- input ---- */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame,
                            void *user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    stream *st = add_stream(user, frame->hd.stream_id);
    if (!st)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, st);
    return 0;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame,
                     const uint8_t *name, size_t name_len, const uint8_t *value,
                     size_t len, uint8_t flags, void *user) {
    (void)flags, (void)user;
    stream *st = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (st && st->request) /* else a trailer */
        add_field(st->request, name, name_len, value, len);
    return 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user) {
    (void)user;
    bool data = frame->hd.type == NGHTTP2_DATA,
         fields = frame->hd.type == NGHTTP2_HEADERS;
    stream *st = data || fields
                     ? nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id)
                     : NULL;
    if (!st)
        return 0;
    st->input_ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (st->request)
        on_request(st);
    return 0;
}

/* While output waits, the bytes have to wait, too, and the client's window shrinks.
 * `data` is in the buffer that was passed to session_input(), which is not constant. */
static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user) {
    (void)flags, (void)user;
    stream *st = nghttp2_session_get_stream_user_data(h2, id);
    nghttp2_session_consume_connection(h2, len);
    if (!st)
        return 0;
    st->received += len;
    if (peer_reads(&st->peer))
        peer_input(&st->peer, (uint8_t *)data, len);
    else if (st->peer.state == OPEN && !append(&st->peer.in, data, len))
        drop(&st->peer, ws_strerror(WS_ERR_NO_MEMORY));
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error,
                           void *user) {
    (void)user;
    stream *st = nghttp2_session_get_stream_user_data(h2, id);
    if (!st)
        return 0;
    if (error != NGHTTP2_NO_ERROR && !st->reset)
        LOG(&st->peer, "the stream was reset: %s", nghttp2_http2_strerror(error));
    remove_stream(st);
    return 0;
}

static int on_error(nghttp2_session *h2, int error, const char *text, size_t len,
                    void *user) {
    const session *s = user;
    (void)h2, (void)error;
    log_text("%s: ", s->from);
    log_bytes(text, len);
    log_text("\n");
    return 0;
}

/* Returns false if the session has failed, and nothing can be sent any more. */
static bool session_input(session *s, uint8_t *bytes, size_t len) {
    ssize_t n = nghttp2_session_mem_recv(s->h2, bytes, len);
    if (n < 0)
        log_text("%s: %s\n", s->from, nghttp2_strerror((int)n));
    return n >= 0;
}

/* ---- output ---- */

/* END_STREAM has arrived, and all input before it was handled. */
static void end_input(stream *st) {
    peer *p = &st->peer;
    if (p->state != OPEN)
        return;
    LOG(p, "%s", ws_strerror(ws_conn_finish(p->ws)));
    set_state(p, CLOSING);
}

static void reset_stream(stream *st, uint32_t error) {
    if (!st->reset)
        nghttp2_submit_rst_stream(st->session->h2, NGHTTP2_FLAG_NONE, st->id, error);
    st->reset = true;
}

/* END_STREAM stands for the end of a TCP connection, and RST_STREAM with CANCEL for its
 * reset (RFC 8441, 5). */
static void end_output(stream *st) {
    peer *p = &st->peer;
    if (p->state == DROPPED)
        reset_stream(st, NGHTTP2_CANCEL);
    if (!peer_finishes(p))
        return;
    st->output_ends = true;
    st->closed = p->ws && ws_conn_state(p->ws) == WS_STATE_CLOSED ? now : 0;
}

/* Resets a stream that the client leaves open for more than CLOSE_SECONDS after the
 * closing handshake and our END_STREAM, as undici 7 does (RFC 9113, 8.1). */
static void session_tick(session *s) {
    for (stream *st = s->streams; st; st = st->next)
        if (st->closed > 0 && now - st->closed > CLOSE_SECONDS)
            reset_stream(st, NGHTTP2_NO_ERROR);
}

/* Gives the client back the window for bytes that need not wait any more. */
static void return_window(stream *st) {
    size_t waiting = st->peer.in.len, done = st->received - waiting;
    st->received = waiting;
    if (done > 0)
        nghttp2_session_consume_stream(st->session->h2, st->id, done);
}

static void resume_output(const stream *st) {
    if (unsent(&st->peer) > 0 || st->output_ends)
        nghttp2_session_resume_data(st->session->h2, st->id);
}

/* Lets a peer continue after its output was put into frames, as far as the windows of
 * the client allowed. */
static void update_stream(stream *st) {
    size_t framed = st->framed;
    st->framed = 0;
    if (st->peer.state != DROPPED && unsent(&st->peer) > 0)
        peer_sent(&st->peer, framed);
    if (st->input_ended && st->peer.in.len == 0)
        end_input(st);
    return_window(st);
    end_output(st);
    resume_output(st);
}

/* Appends frames to `out`, until it has MAX_FRAMES bytes or nothing is left. Returns
 * false if the session has failed. */
static bool session_output(session *s, buffer *out) {
    const uint8_t *frames;
    ssize_t n = 1;
    for (stream *st = s->streams; st; st = st->next)
        resume_output(st);
    while (n > 0 && out->len < MAX_FRAMES) {
        n = nghttp2_session_mem_send(s->h2, &frames);
        if (n > 0 && !append(out, frames, (size_t)n))
            return false;
    }
    for (stream *st = s->streams; st; st = st->next)
        update_stream(st);
    return n >= 0;
}

/* Returns whether session_output() has more to write now. */
static bool session_has_output(const session *s) {
    return nghttp2_session_want_write(s->h2) != 0;
}

/* Returns whether the session has ended. */
static bool session_is_done(const session *s) {
    return !nghttp2_session_want_read(s->h2) && !nghttp2_session_want_write(s->h2);
}

/* ---- start and end ---- */

static nghttp2_session *new_h2(session *s) {
    nghttp2_session *h2 = NULL;
    nghttp2_session_callbacks *c = NULL;
    nghttp2_option *o = NULL;
    if (nghttp2_session_callbacks_new(&c) == 0 && nghttp2_option_new(&o) == 0) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(c, on_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
        nghttp2_session_callbacks_set_error_callback2(c, on_error);
        nghttp2_option_set_no_auto_window_update(o, 1);
        nghttp2_option_set_no_closed_streams(o, 1);
        nghttp2_option_set_stream_reset_rate_limit(o, MAX_RESETS, RESET_RATE);
        nghttp2_option_set_max_outbound_ack(o, MAX_ACKS);
        nghttp2_session_server_new2(&h2, c, s, o);
    }
    nghttp2_session_callbacks_del(c);
    nghttp2_option_del(o);
    return h2;
}

static bool session_start(session *s, int fd, const char *from) {
    static const nghttp2_settings_entry SETTINGS[] = {
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MAX_FIELD_LIST},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    s->fd = fd;
    snprintf(s->from, sizeof s->from, "%.99s", from);
    s->h2 = new_h2(s);
    return s->h2 &&
           nghttp2_submit_settings(s->h2, NGHTTP2_FLAG_NONE, SETTINGS,
                                   sizeof SETTINGS / sizeof *SETTINGS) == 0 &&
           nghttp2_session_set_local_window_size(s->h2, NGHTTP2_FLAG_NONE, 0,
                                                 CONNECTION_WINDOW) == 0;
}

/* Accepts no more streams. The session is done when those that exist have ended. */
static void session_close(session *s) {
    nghttp2_submit_goaway(s->h2, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(s->h2),
                          NGHTTP2_NO_ERROR, NULL, 0);
}

static void session_free(session *s) {
    while (s->streams)
        remove_stream(s->streams);
    nghttp2_session_del(s->h2);
}

#endif

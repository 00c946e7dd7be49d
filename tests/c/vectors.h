/* The vectors of tests/vectors, whose README.md describes them. tables.py writes
 * the tables. A member has the name that it has there. */
#ifndef VECTORS_H
#define VECTORS_H

#include "wscodec.h"

/* Parts, each repeated, one after another. */
struct part {
    const char *data;
    size_t len, times;
};
struct bytes {
    size_t len;
    const struct part *parts;
    size_t parts_len;
};

/* Writes the bytes; returns out. */
void *put_bytes(const struct bytes *bytes, void *out);
/* The bytes in new memory of exactly their length. */
void *new_bytes(const struct bytes *bytes);
/* The memory has these bytes. */
void check_bytes(const void *got, size_t len, const struct bytes *want, const char *file,
                 int line, const char *what);
#define CHECK_BYTES(got, len, want) check_bytes((got), (len), (want), __FILE__, __LINE__, #got)
/* Where an input of `len` bytes has its result: after it, or after the byte that proves
 * the error. */
size_t result_at(size_t len, size_t error_at);

enum presence { UNSPECIFIED, ABSENT, PRESENT };
/* A member that may be left out, or null. */
struct optional {
    enum presence presence;
    struct bytes bytes;
};

#define LAST_BYTE SIZE_MAX /* error_at, if it is left out. */

struct accept_key {
    const char *name;
    struct bytes key, accept;
    int error;
};

struct close_payload {
    const char *name;
    struct optional payload;
    int code; /* -1 if it is left out. */
    struct bytes reason;
    int error;
};

struct utf8 {
    const char *name;
    struct bytes text;
    int incomplete, error;
    size_t error_at;
};

struct vector_frame {
    uint8_t opcode, message_opcode;
    unsigned flags; /* WS_FIN, WS_RSV*, WS_MASKED; without WS_END if it is incomplete. */
    unsigned char mask_key[4];
    uint64_t payload_len;
    struct bytes payload;
};

struct frame {
    const char *name;
    uint32_t flags;
    struct bytes wire;
    struct vector_frame frame;
    int error;
    size_t error_at;
};

struct frame_header {
    const char *name;
    uint32_t flags;
    struct bytes header;
    struct vector_frame frame; /* Without a payload. */
};

struct request {
    const char *name;
    struct bytes request;
    struct optional method, target, host, origin, key;
    int http_version; /* 0 if it is left out. */
    int error;
    size_t error_at;
};

struct response {
    const char *name;
    struct bytes request, response;
    struct optional protocol, extensions, reason;
    int http_version, status; /* 0 if they are left out. */
    int error;
    size_t error_at;
};

struct policy {
    const char *name;
    struct bytes request;
    const char *origins, *protocols; /* NULL if they are left out. */
    uint32_t flags;
    const char *protocol; /* NULL if none is selected. */
    int error;
    int status;
};

struct decoder_stream {
    const char *name;
    uint32_t flags;
    uint64_t max_payload;
    struct bytes input;
    const struct vector_frame *frames;
    size_t frames_len;
    int error;
    size_t error_at;
    int end;
};

struct vector_option {
    int option;
    uint64_t value;
};

/* An event, or a frame that is sent. */
struct vector_event {
    unsigned opcode, flags, close_code;
    struct bytes payload;
};

struct connection_stream {
    const char *name;
    uint32_t side;
    const struct vector_option *options;
    size_t options_len;
    const ws_pmd_params *parameters; /* NULL without compression. */
    struct bytes input;
    const struct vector_event *events;
    size_t events_len;
    const struct vector_event *output;
    size_t output_len;
    int error;
    size_t error_at;
    int end;
};

struct deflate_accept {
    const char *name;
    ws_pmd_params willing;
    const struct bytes *offers;
    size_t offers_len;
    const char *response; /* NULL if no offer is accepted. */
    ws_pmd_params agreed;
    int error;
};

struct deflate_offer {
    const char *name;
    ws_pmd_params offered;
    const char *offer;
};

struct deflate_confirm {
    const char *name;
    ws_pmd_params offered;
    const struct bytes *responses;
    size_t responses_len;
    int on;
    ws_pmd_params agreed;
    int error;
};

struct compressed {
    const struct bytes *payloads;
    size_t payloads_len;
    struct bytes message;
    int error;
};

struct deflate_message {
    const char *name;
    uint32_t side;
    ws_pmd_params parameters;
    const struct compressed *messages;
    size_t messages_len;
};

extern const struct accept_key accept_key_vectors[];
extern const struct close_payload close_payload_vectors[];
extern const struct utf8 utf8_vectors[];
extern const struct frame frame_vectors[];
extern const struct frame_header frame_header_vectors[];
extern const struct request request_vectors[];
extern const struct response response_vectors[];
extern const struct policy policy_vectors[];
extern const struct decoder_stream decoder_stream_vectors[];
extern const struct connection_stream connection_stream_vectors[];
extern const struct deflate_accept deflate_accept_vectors[];
extern const struct deflate_offer deflate_offer_vectors[];
extern const struct deflate_confirm deflate_confirm_vectors[];
extern const struct deflate_message deflate_message_vectors[];
extern const size_t accept_key_vectors_len, close_payload_vectors_len, utf8_vectors_len,
    frame_vectors_len, frame_header_vectors_len, request_vectors_len,
    response_vectors_len, policy_vectors_len, decoder_stream_vectors_len,
    connection_stream_vectors_len, deflate_accept_vectors_len, deflate_offer_vectors_len,
    deflate_confirm_vectors_len, deflate_message_vectors_len;

#endif

/* Which clause an error violates, and which header field it is about. */
#ifndef CLAUSES_H
#define CLAUSES_H

#include <stddef.h>
#include <wscodec.h>

typedef struct clause {
    ws_result error;
    const char *text;
    const char *field; /* of the head, or NULL */
} clause;

static const clause CLAUSES[] = {
    {WS_ERR_HTTP_SYNTAX, "RFC 9112, 2.2 to 5", NULL},
    {WS_ERR_HTTP_TOO_LARGE, "RFC 9110, 5.4", NULL},
    {WS_ERR_NOT_UPGRADE, "RFC 6455, 4.2.1", NULL},
    {WS_ERR_HTTP_METHOD, "RFC 6455, 4.1", NULL},
    {WS_ERR_HTTP_VERSION, "RFC 6455, 4.1", NULL},
    {WS_ERR_HANDSHAKE_HOST, "RFC 6455, 4.1", "Host"},
    {WS_ERR_HANDSHAKE_KEY, "RFC 6455, 4.1", "Sec-WebSocket-Key"},
    {WS_ERR_HANDSHAKE_VERSION, "RFC 6455, 4.1", "Sec-WebSocket-Version"},
    {WS_ERR_HANDSHAKE_ACCEPT, "RFC 6455, 4.2.2", "Sec-WebSocket-Accept"},
    {WS_ERR_HANDSHAKE_PROTOCOL, "RFC 6455, 4.2.2", "Sec-WebSocket-Protocol"},
    {WS_ERR_EXTENSION, "RFC 6455, 9.1", "Sec-WebSocket-Extensions"},
    {WS_ERR_RESERVED_BITS, "RFC 6455, 5.2", NULL},
    {WS_ERR_OPCODE, "RFC 6455, 5.2", NULL},
    {WS_ERR_LENGTH, "RFC 6455, 5.2", NULL},
    {WS_ERR_MASK, "RFC 6455, 5.1", NULL},
    {WS_ERR_CONTROL_FRAME, "RFC 6455, 5.5", NULL},
    {WS_ERR_FRAGMENTATION, "RFC 6455, 5.4", NULL},
    {WS_ERR_CLOSE_PAYLOAD, "RFC 6455, 5.5.1 and 7.4", NULL},
    {WS_ERR_UTF8, "RFC 6455, 8.1", NULL},
    {WS_ERR_COMPRESSION, "RFC 7692, 7.2.2", NULL},
    {WS_ERR_EOF, "RFC 6455, 7.1.4", NULL},
    {WS_ERR_INVALID_STATE, "RFC 6455, 5.5.1", NULL}, /* data after a close */
};

static inline clause clause_of(ws_result error) {
    for (size_t i = 0; i < sizeof CLAUSES / sizeof *CLAUSES; i++)
        if (CLAUSES[i].error == error)
            return CLAUSES[i];
    return (clause){error, "RFC 6455", NULL};
}

#endif

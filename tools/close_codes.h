/* The names of close codes (RFC 6455, 7.4.1, and the codes registered since). */
#ifndef CLOSE_CODES_H
#define CLOSE_CODES_H

#include <stddef.h>
#include <wscodec.h>

static inline const char *close_code_name(uint16_t code) {
    switch (code) {
    case WS_CLOSE_NORMAL: return "normal";
    case WS_CLOSE_GOING_AWAY: return "going away";
    case WS_CLOSE_PROTOCOL_ERROR: return "protocol error";
    case WS_CLOSE_UNSUPPORTED_DATA: return "unsupported data";
    case WS_CLOSE_NO_STATUS: return "no code";
    case WS_CLOSE_ABNORMAL: return "abnormal";
    case WS_CLOSE_INVALID_DATA: return "invalid data";
    case WS_CLOSE_POLICY: return "policy violation";
    case WS_CLOSE_TOO_BIG: return "message too big";
    case WS_CLOSE_EXTENSION: return "extension missing";
    case WS_CLOSE_INTERNAL_ERROR: return "internal error";
    case WS_CLOSE_SERVICE_RESTART: return "service restart";
    case WS_CLOSE_TRY_AGAIN_LATER: return "try again later";
    case WS_CLOSE_BAD_GATEWAY: return "bad gateway";
    default:
        return code >= 4000 ? "private use" : code >= 3000 ? "registered" : "unknown";
    }
}

#endif

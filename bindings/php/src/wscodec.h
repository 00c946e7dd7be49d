#define FFI_SCOPE "WSCODEC"
#define FFI_LIB "libwscodec.so.0"
enum {
    WS_VERSION_MAJOR = 0, WS_VERSION_MINOR = 1, WS_VERSION_PATCH = 0,
    WS_FEATURE_DEFLATE = 0x1, WS_TYPE_HANDSHAKE = 1, WS_TYPE_RESPONSE = 2,
    WS_TYPE_REQUEST_SPEC = 3, WS_TYPE_RESPONSE_SPEC = 4, WS_TYPE_FRAME = 5,
    WS_TYPE_DECODER = 6, WS_TYPE_OUT_FRAME = 7, WS_TYPE_PMD_PARAMS = 8,
    WS_TYPE_ALLOCATOR = 9, WS_TYPE_ACCEPT_SPEC = 10, WS_TYPE_EVENT = 11,
    WS_TYPE_REQUEST_FIELDS = 12, WS_TYPE_RESPONSE_FIELDS = 13,
    WS_TYPE_ACCEPTED = 14, WS_TYPE_CONTROL = 15, WS_TYPE_CONN = 16, WS_OK = 0,
    WS_ERR_INVALID_ARGUMENT = -1, WS_ERR_BUFFER_TOO_SMALL = -2,
    WS_ERR_INVALID_STATE = -3, WS_ERR_NO_MEMORY = -4, WS_ERR_UNSUPPORTED = -5,
    WS_ERR_RANDOM = -6, WS_ERR_HTTP_SYNTAX = -20, WS_ERR_HTTP_TOO_LARGE = -21,
    WS_ERR_NOT_UPGRADE = -22, WS_ERR_HTTP_METHOD = -23,
    WS_ERR_HTTP_VERSION = -24, WS_ERR_HANDSHAKE_HOST = -25,
    WS_ERR_HANDSHAKE_KEY = -26, WS_ERR_HANDSHAKE_VERSION = -27,
    WS_ERR_HANDSHAKE_STATUS = -28, WS_ERR_HANDSHAKE_ACCEPT = -29,
    WS_ERR_HANDSHAKE_PROTOCOL = -30, WS_ERR_EXTENSION = -31,
    WS_ERR_HANDSHAKE_ORIGIN = -32, WS_ERR_RESERVED_BITS = -40,
    WS_ERR_OPCODE = -41, WS_ERR_LENGTH = -42, WS_ERR_MASK = -43,
    WS_ERR_CONTROL_FRAME = -44, WS_ERR_FRAGMENTATION = -45,
    WS_ERR_CLOSE_PAYLOAD = -46, WS_ERR_UTF8 = -47, WS_ERR_TOO_BIG = -48,
    WS_ERR_COMPRESSION = -49, WS_ERR_EOF = -50, WS_KEY_LEN = 24,
    WS_ACCEPT_LEN = 28, WS_MAX_HEAD = 65536, WS_MAX_FIELDS = 256,
    WS_OPCODE_CONTINUATION = 0x0, WS_OPCODE_TEXT = 0x1, WS_OPCODE_BINARY = 0x2,
    WS_OPCODE_CLOSE = 0x8, WS_OPCODE_PING = 0x9, WS_OPCODE_PONG = 0xA,
    WS_FIN = 0x80, WS_RSV1 = 0x40, WS_RSV2 = 0x20, WS_RSV3 = 0x10,
    WS_MASKED = 0x01, WS_BEGIN = 0x02, WS_END = 0x04, WS_MAX_HEADER = 14,
    WS_MAX_CONTROL = 125, WS_SERVER = 0x00, WS_CLIENT = 0x01, WS_DEFLATE = 0x02,
    WS_ANY_MASK = 0x04, WS_KEEP_MASKED = 0x08, WS_ANY_RSV = 0x10,
    WS_CLOSE_NORMAL = 1000, WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002, WS_CLOSE_UNSUPPORTED_DATA = 1003,
    WS_CLOSE_NO_STATUS = 1005, WS_CLOSE_ABNORMAL = 1006,
    WS_CLOSE_INVALID_DATA = 1007, WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009, WS_CLOSE_EXTENSION = 1010,
    WS_CLOSE_INTERNAL_ERROR = 1011, WS_CLOSE_SERVICE_RESTART = 1012,
    WS_CLOSE_TRY_AGAIN_LATER = 1013, WS_CLOSE_BAD_GATEWAY = 1014,
    WS_MAX_CONN = 256, WS_OPT_MAX_MESSAGE = 1, WS_OPT_STREAM = 2,
    WS_OPT_AUTO_PONG = 3, WS_OPT_CHECK_UTF8 = 4, WS_OPT_KEEP_BUFFER = 5,
    WS_OPT_MAX_FRAME = 6, WS_OPT_ANY_MASK = 7, WS_OPT_AUTO_CLOSE = 8,
    WS_OPT_ALLOW_RSV = 9, WS_OPT_COMPRESS_FROM = 10, WS_INFO_CLOSE_SENT = 100,
    WS_INFO_CLOSE_RECEIVED = 101, WS_INFO_CLOSED_BY_PEER = 102,
    WS_INFO_SENDING = 103, WS_INFO_RECEIVING = 104, WS_INFO_ANNOUNCED = 105,
    WS_INFO_BUFFERED = 106, WS_EVENT_FIRST = 0x1, WS_EVENT_LAST = 0x2,
    WS_EVENT_COLLECTED = 0x4, WS_EVENT_FRAME_END = 0x8, WS_MAX_OUTPUT = 139,
    WS_SEND_MORE = 0x1, WS_SEND_PLAIN = 0x2, WS_STATE_OPEN = 0,
    WS_STATE_CLOSING = 1, WS_STATE_CLOSED = 2, WS_STATE_FAILED = 3,
    WS_ACCEPT_NEED_PROTOCOL = 0x1, WS_MAX_REPLY = 512
};
 uint32_t ws_version(void) ;
 const char *ws_version_string(void) ;
 uint32_t ws_features(void) ;
 size_t ws_sizeof(int type) ;
typedef ptrdiff_t ws_result;
 const char *ws_strerror(ws_result result) ;
 const char *ws_errname(ws_result result) ;
 uint16_t ws_close_code_for(ws_result error) ;
 uint16_t ws_http_status(ws_result error) ;
 ws_result
ws_accept_key(const void *key, size_t key_len, void *out,
              size_t out_cap) ;
typedef struct ws_span {
    uint32_t off;
    uint32_t len;
} ws_span;
typedef struct ws_handshake {
    ws_span method;
    ws_span target;
    ws_span host;
    ws_span origin;
    ws_span key;
    uint32_t head_len;
    uint32_t http_version;
} ws_handshake;
 ws_result
ws_parse_handshake(const void *buf, size_t len, ws_handshake *hs,
                   size_t hs_size) ;
 ws_result
ws_head_length(const void *buf, size_t len, size_t *scanned) ;
 ws_result
ws_next_header(const void *head, size_t head_len, size_t *pos,
               ws_span *name, ws_span *value) ;
 ws_result
ws_find_header(const void *head, size_t head_len, const void *name,
               size_t name_len, ws_span *value) ;
 ws_result
ws_select_protocol(const void *head, size_t head_len,
                   const void *supported, size_t supported_len,
                   ws_span *chosen) ;
 ws_result
ws_select_protocol_value(const void *offered, size_t offered_len,
                         const void *supported,
                         size_t supported_len, ws_span *chosen) ;
 int
ws_origin_allowed(const void *origin, size_t origin_len,
                  const void *allowed, size_t allowed_len) ;
typedef struct ws_bytes {
    const void *data;
    size_t len;
} ws_bytes;
typedef struct ws_response_spec {
    ws_bytes key;
    ws_bytes protocol;
    ws_bytes extensions;
    ws_bytes headers;
} ws_response_spec;
 ws_result
ws_build_response(const ws_response_spec *spec, size_t spec_size,
                  void *out, size_t out_cap) ;
 ws_result
ws_build_reply(uint16_t status, const void *headers,
               size_t headers_len, const void *body,
               size_t body_len, void *out, size_t out_cap) ;
 ws_result ws_make_key(void *out, size_t out_cap) ;
typedef struct ws_request_spec {
    ws_bytes host;
    ws_bytes target;
    ws_bytes key;
    ws_bytes origin;
    ws_bytes protocols;
    ws_bytes extensions;
    ws_bytes headers;
} ws_request_spec;
 ws_result
ws_build_request(const ws_request_spec *spec, size_t spec_size,
                 void *out, size_t out_cap) ;
typedef struct ws_response {
    ws_span protocol;
    ws_span extensions;
    uint32_t head_len;
    uint16_t status;
    uint16_t http_version;
    ws_span reason;
} ws_response;
 ws_result
ws_parse_response(const void *buf, size_t len, const void *request,
                  size_t request_len, ws_response *response,
                  size_t response_size) ;
typedef struct ws_request_fields {
    ws_bytes method;
    ws_bytes host;
    ws_bytes upgrade;
    ws_bytes connection;
    ws_bytes key;
    ws_bytes version;
    ws_bytes origin;
    ws_bytes extensions;
    ws_bytes content_length;
    ws_bytes transfer_encoding;
    ws_bytes connect_protocol;
    ws_bytes origins;
    uint32_t http_version;
    uint32_t reserved;
} ws_request_fields;
 ws_result
ws_check_request(const ws_request_fields *fields,
                 size_t fields_size) ;
typedef struct ws_response_fields {
    ws_bytes upgrade;
    ws_bytes connection;
    ws_bytes accept;
    ws_bytes protocol;
    ws_bytes extensions;
    ws_bytes key;
    ws_bytes offered_protocols;
    ws_bytes offered_extensions;
    uint32_t http_version;
    uint16_t status;
    uint16_t reserved;
} ws_response_fields;
 ws_result
ws_check_response(const ws_response_fields *fields,
                  size_t fields_size) ;
typedef struct ws_frame {
    uint64_t payload_len;
    uint64_t chunk_pos;
    uint64_t chunk_off;
    uint64_t chunk_len;
    uint8_t mask_key[4];
    uint8_t opcode;
    uint8_t flags;
    uint8_t header_len;
    uint8_t message_opcode;
} ws_frame;
 ws_result
ws_frame_decode(void *buf, size_t len, uint32_t flags,
                ws_frame *frame) ;
 uint64_t ws_frame_size(uint64_t payload_len, int masked) ;
 ws_result
ws_frame_encode(int opcode, uint32_t flags, const void *mask_key,
                const void *payload, size_t payload_len, void *out,
                size_t out_cap) ;
 ws_result
ws_frame_header(int opcode, uint32_t flags, const void *mask_key,
                uint64_t payload_len, void *out, size_t out_cap) ;
 void
ws_mask(void *buf, size_t len, const void *mask_key, uint64_t pos) ;
 void
ws_mask_copy(void *dst, const void *src, size_t len,
             const void *mask_key, uint64_t pos) ;
typedef struct ws_decoder {
    uint64_t opaque[8];
} ws_decoder;
 ws_result
ws_decoder_init(ws_decoder *decoder, uint32_t flags,
                uint64_t max_payload) ;
 ws_result
ws_decoder_feed(ws_decoder *decoder, void *buf, size_t len,
                ws_frame *frames, size_t frames_cap,
                size_t *consumed) ;
 ws_result
ws_decoder_finish(const ws_decoder *decoder) ;
typedef struct ws_out_frame {
    const void *payload;
    size_t payload_len;
    uint8_t mask_key[4];
    uint8_t opcode;
    uint8_t flags;
    uint8_t reserved[2];
} ws_out_frame;
 ws_result
ws_frames_encode(const ws_out_frame *frames, size_t frames_len,
                 void *out, size_t out_cap, size_t *written) ;
 ws_result
ws_utf8_validate(uint32_t *state, const void *buf, size_t len) ;
 ws_result
ws_close_parse(const void *payload, size_t len, uint16_t *code) ;
 ws_result
ws_close_build(uint16_t code, const void *reason, size_t reason_len,
               void *out, size_t out_cap) ;
 int ws_close_code_valid(uint16_t code) ;
typedef struct ws_control {
    uint64_t opaque[18];
} ws_control;
 ws_result
ws_control_feed(ws_control *control, const ws_frame *frame,
                const void *buf, const void *mask_key, void *out,
                size_t out_cap) ;
 ws_result
ws_control_close(ws_control *control, uint16_t code,
                 const void *reason, size_t reason_len,
                 const void *mask_key, void *out, size_t out_cap) ;
 uint16_t ws_control_close_code(const ws_control *control) ;
 ws_result
ws_control_reason(const ws_control *control, void *out,
                  size_t out_cap) ;
typedef struct ws_pmd_params {
    uint8_t server_no_context_takeover;
    uint8_t client_no_context_takeover;
    uint8_t server_max_window_bits;
    uint8_t client_max_window_bits;
    uint8_t level;
    uint8_t mem_level;
    uint8_t reserved[2];
} ws_pmd_params;
 ws_result
ws_pmd_accept(const void *head, size_t head_len,
              ws_pmd_params *params, void *out, size_t out_cap) ;
 ws_result
ws_pmd_accept_value(const void *offers, size_t offers_len,
                    ws_pmd_params *params, void *out,
                    size_t out_cap) ;
 ws_result
ws_pmd_offer(const ws_pmd_params *params, void *out, size_t out_cap) ;
 ws_result
ws_pmd_confirm(const void *head, size_t head_len,
               ws_pmd_params *params) ;
 ws_result
ws_pmd_confirm_value(const void *response, size_t response_len,
                     ws_pmd_params *params) ;
typedef struct ws_conn ws_conn;
typedef struct ws_allocator {
    void *(*alloc)(void *user, size_t size, size_t align);
    void *(*resize)(void *user, void *ptr, size_t old_size,
        size_t new_size, size_t align);
    void (*free)(void *user, void *ptr, size_t size, size_t align);
    void *user;
} ws_allocator;
 ws_conn *
ws_conn_new(uint32_t side, const ws_allocator *allocator) ;
 ws_conn *
ws_conn_init(void *mem, size_t mem_size, uint32_t side,
             const ws_allocator *allocator) ;
 void ws_conn_free(ws_conn *conn) ;
 ws_result
ws_conn_set_pmd(ws_conn *conn, const ws_pmd_params *params) ;
 ws_result
ws_conn_get_pmd(const ws_conn *conn, ws_pmd_params *params) ;
 ws_result
ws_conn_set(ws_conn *conn, int option, uint64_t value) ;
 ws_result
ws_conn_get(const ws_conn *conn, int option, uint64_t *value) ;
 ws_result
ws_conn_set_random(ws_conn *conn,
                   int (*fill)(void *user, void *out, size_t len),
                   void *user) ;
typedef struct ws_event {
    uint64_t off;
    uint64_t len;
    uint16_t opcode;
    uint16_t flags;
    uint16_t close_code;
    uint16_t reserved;
} ws_event;
 const void *
ws_event_data(const ws_conn *conn, const void *buf,
              const ws_event *event) ;
 ws_result
ws_conn_recv(ws_conn *conn, void *buf, size_t len, ws_event *events,
             size_t events_cap, size_t *consumed) ;
 ws_result
ws_conn_output(ws_conn *conn, void *out, size_t out_cap) ;
 ws_result
ws_conn_send(ws_conn *conn, int opcode, uint32_t flags,
             const void *payload, size_t payload_len, void *out,
             size_t out_cap) ;
 size_t
ws_conn_send_bound(const ws_conn *conn, size_t payload_len) ;
 ws_result
ws_conn_close(ws_conn *conn, uint16_t code, const void *reason,
              size_t reason_len, void *out, size_t out_cap) ;
 ws_result ws_conn_finish(ws_conn *conn) ;
 int ws_conn_state(const ws_conn *conn) ;
typedef struct ws_accept_spec {
    ws_bytes protocols;
    ws_bytes headers;
    const ws_pmd_params *pmd;
    const ws_allocator *allocator;
    ws_bytes origins;
    uint32_t flags;
    uint32_t reserved;
} ws_accept_spec;
typedef struct ws_accepted {
    ws_conn *conn;
    ws_result error;
    uint32_t head_len;
    ws_span protocol;
    uint32_t reserved;
} ws_accepted;
 ws_result
ws_conn_accept(const void *buf, size_t len,
               const ws_accept_spec *spec, size_t spec_size,
               ws_accepted *accepted, size_t accepted_size,
               void *out, size_t out_cap) ;
 ws_result
ws_conn_confirm(const void *buf, size_t len, const void *request,
                size_t request_len, const ws_pmd_params *offered,
                const ws_allocator *allocator, ws_conn **conn,
                ws_response *response, size_t response_size) ;
typedef struct ws_pmd ws_pmd;
 ws_pmd *
ws_pmd_new(uint32_t side, const ws_pmd_params *params,
           const ws_allocator *allocator) ;
 void ws_pmd_free(ws_pmd *pmd) ;
 size_t ws_pmd_compress_bound(const ws_pmd *pmd, size_t len) ;
 ws_result
ws_pmd_compress(ws_pmd *pmd, uint32_t flags, const void *data,
                size_t len, void *out, size_t out_cap) ;
 ws_result
ws_pmd_decompress(ws_pmd *pmd, uint32_t flags, const void *data,
                  size_t len, size_t *consumed, void *out,
                  size_t out_cap) ;

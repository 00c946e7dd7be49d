# Made by generate.rb from include/wscodec.json.
module WSCodec
  FEATURE_DEFLATE = 1
  TYPE_HANDSHAKE = 1
  TYPE_RESPONSE = 2
  TYPE_REQUEST_SPEC = 3
  TYPE_RESPONSE_SPEC = 4
  TYPE_FRAME = 5
  TYPE_DECODER = 6
  TYPE_OUT_FRAME = 7
  TYPE_PMD_PARAMS = 8
  TYPE_ALLOCATOR = 9
  TYPE_ACCEPT_SPEC = 10
  TYPE_EVENT = 11
  TYPE_REQUEST_FIELDS = 12
  TYPE_RESPONSE_FIELDS = 13
  TYPE_ACCEPTED = 14
  TYPE_CONTROL = 15
  TYPE_CONN = 16
  ERR_INVALID_ARGUMENT = -1
  ERR_BUFFER_TOO_SMALL = -2
  ERR_INVALID_STATE = -3
  ERR_NO_MEMORY = -4
  ERR_UNSUPPORTED = -5
  ERR_RANDOM = -6
  ERR_HTTP_SYNTAX = -20
  ERR_HTTP_TOO_LARGE = -21
  ERR_NOT_UPGRADE = -22
  ERR_HTTP_METHOD = -23
  ERR_HTTP_VERSION = -24
  ERR_HANDSHAKE_HOST = -25
  ERR_HANDSHAKE_KEY = -26
  ERR_HANDSHAKE_VERSION = -27
  ERR_HANDSHAKE_STATUS = -28
  ERR_HANDSHAKE_ACCEPT = -29
  ERR_HANDSHAKE_PROTOCOL = -30
  ERR_EXTENSION = -31
  ERR_HANDSHAKE_ORIGIN = -32
  ERR_RESERVED_BITS = -40
  ERR_OPCODE = -41
  ERR_LENGTH = -42
  ERR_MASK = -43
  ERR_CONTROL_FRAME = -44
  ERR_FRAGMENTATION = -45
  ERR_CLOSE_PAYLOAD = -46
  ERR_UTF8 = -47
  ERR_TOO_BIG = -48
  ERR_COMPRESSION = -49
  ERR_EOF = -50
  KEY_LEN = 24
  ACCEPT_LEN = 28
  MAX_HEAD = 65536
  MAX_FIELDS = 256
  OPCODE_CONTINUATION = 0
  OPCODE_TEXT = 1
  OPCODE_BINARY = 2
  OPCODE_CLOSE = 8
  OPCODE_PING = 9
  OPCODE_PONG = 10
  FIN = 128
  RSV1 = 64
  RSV2 = 32
  RSV3 = 16
  MASKED = 1
  CHUNK_BEGIN = 2
  CHUNK_END = 4
  MAX_HEADER = 14
  MAX_CONTROL = 125
  SERVER = 0
  CLIENT = 1
  DEFLATE = 2
  ANY_MASK = 4
  KEEP_MASKED = 8
  ANY_RSV = 16
  MAX_CONN = 256
  OPT_MAX_MESSAGE = 1
  OPT_STREAM = 2
  OPT_AUTO_PONG = 3
  OPT_CHECK_UTF8 = 4
  OPT_KEEP_BUFFER = 5
  OPT_MAX_FRAME = 6
  OPT_ANY_MASK = 7
  OPT_AUTO_CLOSE = 8
  OPT_ALLOW_RSV = 9
  OPT_COMPRESS_FROM = 10
  INFO_CLOSE_SENT = 100
  INFO_CLOSE_RECEIVED = 101
  INFO_CLOSED_BY_PEER = 102
  INFO_SENDING = 103
  INFO_RECEIVING = 104
  INFO_ANNOUNCED = 105
  INFO_BUFFERED = 106
  EVENT_FIRST = 1
  EVENT_LAST = 2
  EVENT_COLLECTED = 4
  EVENT_FRAME_END = 8
  MAX_OUTPUT = 139
  SEND_MORE = 1
  SEND_PLAIN = 2
  STATE_OPEN = 0
  STATE_CLOSING = 1
  STATE_CLOSED = 2
  STATE_FAILED = 3
  ACCEPT_NEED_PROTOCOL = 1
  MAX_REPLY = 512

  # What the library exports, and the layout of its structs.
  module Declarations
    FUNCTIONS = [
      "size_t ws_sizeof(int type)",
      "uint32_t ws_features()",
      "const char *ws_strerror(ptrdiff_t result)",
      "const char *ws_errname(ptrdiff_t result)",
      "uint16_t ws_close_code_for(ptrdiff_t error)",
      "uint16_t ws_http_status(ptrdiff_t error)",
      "ptrdiff_t ws_accept_key(void *key, size_t key_len, void *out, size_t out_cap)",
      "ptrdiff_t ws_parse_handshake(void *buf, size_t len, void *hs, size_t hs_size)",
      "ptrdiff_t ws_parse_response(void *buf, size_t len, void *request, size_t request_len, void *response, size_t response_size)",
      "ptrdiff_t ws_find_header(void *head, size_t head_len, void *name, size_t name_len, void *value)",
      "ptrdiff_t ws_make_key(void *out, size_t out_cap)",
      "ptrdiff_t ws_build_request(void *spec, size_t spec_size, void *out, size_t out_cap)",
      "ptrdiff_t ws_pmd_offer(void *params, void *out, size_t out_cap)",
      "ptrdiff_t ws_pmd_accept_value(void *offers, size_t offers_len, void *params, void *out, size_t out_cap)",
      "ptrdiff_t ws_pmd_confirm_value(void *response, size_t response_len, void *params)",
      "ptrdiff_t ws_frame_decode(void *buf, size_t len, uint32_t flags, void *frame)",
      "uint64_t ws_frame_size(uint64_t payload_len, int masked)",
      "ptrdiff_t ws_frame_encode(int opcode, uint32_t flags, void *mask_key, void *payload, size_t payload_len, void *out, size_t out_cap)",
      "ptrdiff_t ws_frame_header(int opcode, uint32_t flags, void *mask_key, uint64_t payload_len, void *out, size_t out_cap)",
      "ptrdiff_t ws_decoder_init(void *decoder, uint32_t flags, uint64_t max_payload)",
      "ptrdiff_t ws_decoder_feed(void *decoder, void *buf, size_t len, void *frames, size_t frames_cap, void *consumed)",
      "ptrdiff_t ws_decoder_finish(void *decoder)",
      "ptrdiff_t ws_utf8_validate(void *state, void *buf, size_t len)",
      "ptrdiff_t ws_close_parse(void *payload, size_t len, void *code)",
      "ptrdiff_t ws_close_build(uint16_t code, void *reason, size_t reason_len, void *out, size_t out_cap)",
      "void *ws_conn_new(uint32_t side, void *allocator)",
      "void ws_conn_free(void *conn)",
      "ptrdiff_t ws_conn_set_pmd(void *conn, void *params)",
      "ptrdiff_t ws_conn_get_pmd(void *conn, void *params)",
      "ptrdiff_t ws_conn_set(void *conn, int option, uint64_t value)",
      "ptrdiff_t ws_conn_get(void *conn, int option, void *value)",
      "void *ws_event_data(void *conn, void *buf, void *event)",
      "ptrdiff_t ws_conn_recv(void *conn, void *buf, size_t len, void *events, size_t events_cap, void *consumed)",
      "ptrdiff_t ws_conn_output(void *conn, void *out, size_t out_cap)",
      "ptrdiff_t ws_conn_send(void *conn, int opcode, uint32_t flags, void *payload, size_t payload_len, void *out, size_t out_cap)",
      "size_t ws_conn_send_bound(void *conn, size_t payload_len)",
      "ptrdiff_t ws_conn_close(void *conn, uint16_t code, void *reason, size_t reason_len, void *out, size_t out_cap)",
      "ptrdiff_t ws_conn_finish(void *conn)",
      "int ws_conn_state(void *conn)",
      "ptrdiff_t ws_conn_accept(void *buf, size_t len, void *spec, size_t spec_size, void *accepted, size_t accepted_size, void *out, size_t out_cap)",
      "ptrdiff_t ws_conn_confirm(void *buf, size_t len, void *request, size_t request_len, void *offered, void *allocator, void *conn, void *response, size_t response_size)",
    ].freeze

    # Size in bytes, and the directive of String#unpack for each member.
    STRUCTS = {
      ws_handshake: [48, { method: "L2", target: "L2", host: "L2", origin: "L2", key: "L2", head_len: "L", http_version: "L" }],
      ws_response: [32, { protocol: "L2", extensions: "L2", head_len: "L", status: "S", http_version: "S", reason: "L2" }],
      ws_request_spec: [112, { host: "J2", target: "J2", key: "J2", origin: "J2", protocols: "J2", extensions: "J2", headers: "J2" }],
      ws_frame: [40, { payload_len: "Q", chunk_pos: "Q", chunk_off: "Q", chunk_len: "Q", mask_key: "a4", opcode: "C", flags: "C", header_len: "C", message_opcode: "C" }],
      ws_decoder: [64, { opaque: "Q8" }],
      ws_pmd_params: [8, { server_no_context_takeover: "C", client_no_context_takeover: "C", server_max_window_bits: "C", client_max_window_bits: "C", level: "C", mem_level: "C", reserved: "a2" }],
      ws_event: [24, { off: "Q", len: "Q", opcode: "S", flags: "S", close_code: "S", reserved: "S" }],
      ws_accept_spec: [72, { protocols: "J2", headers: "J2", pmd: "J", allocator: "J", origins: "J2", flags: "L", reserved: "L" }],
      ws_accepted: [32, { conn: "J", error: "j", head_len: "L", protocol: "L2", reserved: "L" }],
    }.freeze
  end
end

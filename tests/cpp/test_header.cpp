// The header compiles as C++, no function throws, and structs are plain data.
#include "wscodec.h"
#include "wscodec.h" // twice, on purpose

#include "check.hpp"

#include <memory>
#include <type_traits>
#include <utility>

static_assert(noexcept(ws_version()), "");
static_assert(noexcept(ws_version_string()), "");
static_assert(noexcept(ws_features()), "");
static_assert(noexcept(ws_sizeof(0)), "");
static_assert(noexcept(ws_strerror(0)), "");
static_assert(noexcept(ws_errname(0)), "");
static_assert(noexcept(ws_close_code_for(0)), "");
static_assert(noexcept(ws_http_status(0)), "");
static_assert(noexcept(ws_accept_key(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_parse_handshake(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_next_header(nullptr, 0, nullptr, nullptr, nullptr)),
              "");
static_assert(noexcept(ws_find_header(nullptr, 0, nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_select_protocol(nullptr, 0, nullptr, 0, nullptr)),
              "");
static_assert(noexcept(ws_origin_allowed(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_build_response(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_build_reply(0, nullptr, 0, nullptr, 0, nullptr, 0)),
              "");
static_assert(noexcept(ws_make_key(nullptr, 0)), "");
static_assert(noexcept(ws_build_request(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_parse_response(nullptr, 0, nullptr, 0, nullptr, 0)),
              "");
static_assert(noexcept(ws_frame_decode(nullptr, 0, 0, nullptr)), "");
static_assert(noexcept(ws_frame_size(0, 0)), "");
static_assert(noexcept(ws_frame_encode(0, 0, nullptr, nullptr, 0, nullptr, 0)),
              "");
static_assert(noexcept(ws_frame_header(0, 0, nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_mask(nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_mask_copy(nullptr, nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_decoder_init(nullptr, 0, 0)), "");
static_assert(
    noexcept(ws_decoder_feed(nullptr, nullptr, 0, nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_decoder_finish(nullptr)), "");
static_assert(noexcept(ws_frames_encode(nullptr, 0, nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_utf8_validate(nullptr, nullptr, 0)), "");
static_assert(noexcept(ws_close_parse(nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_close_build(0, nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_close_code_valid(0)), "");
static_assert(noexcept(ws_pmd_accept(nullptr, 0, nullptr, nullptr, 0)), "");
static_assert(noexcept(ws_pmd_offer(nullptr, nullptr, 0)), "");
static_assert(noexcept(ws_pmd_confirm(nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_conn_new(0, nullptr)), "");
static_assert(noexcept(ws_conn_free(nullptr)), "");
static_assert(noexcept(ws_conn_accept(nullptr, 0, nullptr, 0, nullptr, 0,
                                      nullptr, 0)),
              "");
static_assert(noexcept(ws_conn_confirm(nullptr, 0, nullptr, 0, nullptr, nullptr,
                                       nullptr, nullptr, 0)),
              "");
static_assert(noexcept(ws_head_length(nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_check_request(nullptr, 0)), "");
static_assert(noexcept(ws_check_response(nullptr, 0)), "");
static_assert(
    noexcept(ws_select_protocol_value(nullptr, 0, nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_pmd_accept_value(nullptr, 0, nullptr, nullptr, 0)),
              "");
static_assert(noexcept(ws_pmd_confirm_value(nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_event_data(nullptr, nullptr, nullptr)), "");
static_assert(noexcept(ws_conn_init(nullptr, 0, 0, nullptr)), "");
static_assert(noexcept(ws_conn_set_random(nullptr, nullptr, nullptr)), "");
static_assert(noexcept(ws_control_feed(nullptr, nullptr, nullptr, nullptr,
                                       nullptr, 0)),
              "");
static_assert(noexcept(ws_control_close(nullptr, 0, nullptr, 0, nullptr,
                                        nullptr, 0)),
              "");
static_assert(noexcept(ws_control_close_code(nullptr)), "");
static_assert(noexcept(ws_control_reason(nullptr, nullptr, 0)), "");
static_assert(noexcept(ws_pmd_new(0, nullptr, nullptr)), "");
static_assert(noexcept(ws_pmd_free(nullptr)), "");
static_assert(noexcept(ws_pmd_compress_bound(nullptr, 0)), "");
static_assert(noexcept(ws_pmd_compress(nullptr, 0, nullptr, 0, nullptr, 0)),
              "");
static_assert(noexcept(ws_pmd_decompress(nullptr, 0, nullptr, 0, nullptr,
                                         nullptr, 0)),
              "");
static_assert(noexcept(ws_conn_set_pmd(nullptr, nullptr)), "");
static_assert(noexcept(ws_conn_get_pmd(nullptr, nullptr)), "");
static_assert(noexcept(ws_conn_set(nullptr, 0, 0)), "");
static_assert(noexcept(ws_conn_get(nullptr, 0, nullptr)), "");
static_assert(
    noexcept(ws_conn_recv(nullptr, nullptr, 0, nullptr, 0, nullptr)), "");
static_assert(noexcept(ws_conn_output(nullptr, nullptr, 0)), "");
static_assert(noexcept(ws_conn_send(nullptr, 0, 0, nullptr, 0, nullptr, 0)),
              "");
static_assert(noexcept(ws_conn_send_bound(nullptr, 0)), "");
static_assert(noexcept(ws_conn_close(nullptr, 0, nullptr, 0, nullptr, 0)), "");
static_assert(noexcept(ws_conn_finish(nullptr)), "");
static_assert(noexcept(ws_conn_state(nullptr)), "");

#if __cplusplus >= 201703L
// Since C++17 noexcept is part of the type, so the list of functions is enough.
template <class Result, class... Arguments>
constexpr bool is_nothrow(Result (*)(Arguments...) noexcept)
{
    return true;
}
template <class Result, class... Arguments>
constexpr bool is_nothrow(Result (*)(Arguments...))
{
    return false;
}
#define F(name) static_assert(is_nothrow(&name), #name);
#include "../c/functions.def"
#undef F
#endif

#define PLAIN(type)                                            \
    static_assert(std::is_standard_layout<type>::value, "");   \
    static_assert(std::is_trivially_copyable<type>::value, "")
PLAIN(ws_span);
PLAIN(ws_handshake);
PLAIN(ws_bytes);
PLAIN(ws_response_spec);
PLAIN(ws_request_spec);
PLAIN(ws_response);
PLAIN(ws_frame);
PLAIN(ws_decoder);
PLAIN(ws_out_frame);
PLAIN(ws_pmd_params);
PLAIN(ws_allocator);
PLAIN(ws_accept_spec);
PLAIN(ws_event);
PLAIN(ws_accepted);
PLAIN(ws_request_fields);
PLAIN(ws_response_fields);
PLAIN(ws_control);

static_assert(sizeof(ws_frame) == 40, "");
static_assert(sizeof(ws_decoder) == 64, "");
static_assert(sizeof(ws_control) == 144, "");
static_assert(sizeof(ws_event) == 24, "");
static_assert(sizeof(ws_pmd_params) == 8, "");
static_assert(alignof(ws_pmd_params) == 1, "");
static_assert(std::is_same<ws_result, std::ptrdiff_t>::value, "");
static_assert(std::is_same<decltype(WS_FIN | WS_RSV1), unsigned>::value,
              "flags are unsigned");

// A connection in a std::unique_ptr.
static void check_conn()
{
    std::unique_ptr<ws_conn, decltype(&ws_conn_free)> conn(
        ws_conn_new(WS_SERVER, nullptr), ws_conn_free);
    unsigned char bytes[] = "\x81\x82\0\0\0\0hi", out[WS_MAX_OUTPUT];
    ws_event event;
    std::size_t used;

    CHECK(conn != nullptr);
    CHECK_EQ(ws_conn_recv(conn.get(), bytes, 8, &event, 1, &used), 1);
    CHECK_EQ(event.flags,
             WS_EVENT_FIRST | WS_EVENT_LAST | WS_EVENT_FRAME_END);
    CHECK_EQ(ws_conn_send(conn.get(), event.opcode, 0,
                          ws_event_data(conn.get(), bytes, &event),
                          static_cast<std::size_t>(event.len), out, sizeof out),
             4);
    CHECK_MEM(out, "\x81\x02hi", 4);
}

// A connection in the memory of a class.
class Member {
public:
    explicit Member(std::uint32_t side)
        : conn_(ws_conn_init(memory_, sizeof memory_, side, nullptr))
    {
    }
    ~Member() { ws_conn_free(conn_); }
    Member(const Member &) = delete;
    Member &operator=(const Member &) = delete;
    ws_conn *get() { return conn_; }

private:
    alignas(16) unsigned char memory_[WS_MAX_CONN];
    ws_conn *conn_;
};

static void check_member()
{
    Member server(WS_SERVER), client(WS_CLIENT);
    unsigned char wire[WS_MAX_OUTPUT];
    ws_event event;
    std::size_t used;

    CHECK(server.get() != nullptr && client.get() != nullptr);
    const ws_result n = ws_conn_send(client.get(), WS_OPCODE_TEXT, 0, "hi", 2,
                                     wire, sizeof wire);
    CHECK_EQ(n, 8);
    CHECK_EQ(ws_conn_recv(server.get(), wire, static_cast<std::size_t>(n),
                          &event, 1, &used),
             1);
    CHECK_MEM(ws_event_data(server.get(), wire, &event), "hi", 2);
}

// Parameters are a value.
static void check_pmd()
{
    std::unique_ptr<ws_conn, decltype(&ws_conn_free)> conn(
        ws_conn_new(WS_CLIENT, nullptr), ws_conn_free);
    ws_pmd_params params{};
    char offer[200];

    params.client_no_context_takeover = 1;
    CHECK_EQ(ws_pmd_offer(&params, offer, sizeof offer), 70);
    CHECK_EQ(ws_conn_set_pmd(conn.get(), &params), WS_OK);
    params = ws_pmd_params();
    CHECK_EQ(ws_conn_get_pmd(conn.get(), &params), 1);
    CHECK_EQ(params.client_no_context_takeover, 1);
    CHECK_EQ(params.client_max_window_bits, 15);
}

int main(int, char **argv)
{
    // The functions have C linkage, and structs the sizes of C.
    CHECK_U64(ws_version(), WS_VERSION_MAJOR * 10000 + WS_VERSION_MINOR * 100 +
                                WS_VERSION_PATCH);
    CHECK_U64(ws_sizeof(WS_TYPE_FRAME), sizeof(ws_frame));
    CHECK_U64(ws_sizeof(WS_TYPE_REQUEST_SPEC), sizeof(ws_request_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE_SPEC), sizeof(ws_response_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_HANDSHAKE), sizeof(ws_handshake));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE), sizeof(ws_response));
    CHECK_U64(ws_sizeof(WS_TYPE_OUT_FRAME), sizeof(ws_out_frame));
    CHECK_U64(ws_sizeof(WS_TYPE_DECODER), sizeof(ws_decoder));
    CHECK_U64(ws_sizeof(WS_TYPE_PMD_PARAMS), sizeof(ws_pmd_params));
    CHECK_U64(ws_sizeof(WS_TYPE_ALLOCATOR), sizeof(ws_allocator));
    CHECK_U64(ws_sizeof(WS_TYPE_ACCEPT_SPEC), sizeof(ws_accept_spec));
    CHECK_U64(ws_sizeof(WS_TYPE_EVENT), sizeof(ws_event));
    CHECK_U64(ws_sizeof(WS_TYPE_REQUEST_FIELDS), sizeof(ws_request_fields));
    CHECK_U64(ws_sizeof(WS_TYPE_RESPONSE_FIELDS), sizeof(ws_response_fields));
    CHECK_U64(ws_sizeof(WS_TYPE_ACCEPTED), sizeof(ws_accepted));
    CHECK_U64(ws_sizeof(WS_TYPE_CONTROL), sizeof(ws_control));
    CHECK(ws_sizeof(WS_TYPE_CONN) <= WS_MAX_CONN);
    CHECK_STR(ws_errname(WS_ERR_UTF8), "WS_ERR_UTF8");
    check_conn();
    check_member();
    check_pmd();
    return check_done(argv[0]);
}

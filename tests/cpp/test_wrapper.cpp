// wscodec.hpp: the pieces, the handshake, frames and compression, against the examples of
// RFC 6455 and RFC 7692.
#include "wscodec.hpp"
#include "wscodec.hpp" // twice, on purpose

#include "check.hpp"

#include <array>
#include <cstring>
#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace {

using Bytes = std::vector<unsigned char>;

constexpr std::string_view request_head = "GET /chat HTTP/1.1\r\n"
                                          "Host: server.example.com\r\n"
                                          "Upgrade: websocket\r\n"
                                          "Connection: Upgrade\r\n"
                                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                          "Origin: http://example.com\r\n"
                                          "Sec-WebSocket-Protocol: chat, superchat\r\n"
                                          "Sec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view response_head =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "Sec-WebSocket-Protocol: chat\r\n\r\n";
constexpr ws::mask_key key = {{0x37, 0xfa, 0x21, 0x3d}};

void test_errors() {
    const std::error_code error = ws::errc::utf8;
    CHECK(error == ws::errc::utf8);
    CHECK(error != ws::errc::mask);
    CHECK(error.category() == ws::category());
    CHECK_STR(error.category().name(), "wscodec");
    CHECK_STR(error.message().c_str(), ws_strerror(WS_ERR_UTF8));
    CHECK_STR(ws::message(ws::errc::utf8), ws_strerror(WS_ERR_UTF8));
    CHECK_STR(ws::name(ws::errc::utf8), "WS_ERR_UTF8");
    CHECK_STR(ws::message(ws::errc::need_more), "more input is needed");
    CHECK(std::error_code(ws::errc::no_memory) == std::errc::not_enough_memory);
    CHECK(std::error_code(ws::errc::invalid_argument) == std::errc::invalid_argument);
    CHECK(ws::close_code_for(error) == ws::close_code::invalid_data);
    CHECK(ws::close_code_for({}) == ws::close_code::normal);
    CHECK(ws::close_code_for(std::make_error_code(std::errc::broken_pipe)) ==
          ws::close_code::internal_error);
    CHECK_EQ(ws::http_status(ws::errc::handshake_version), 426);
    for (int code = 0; code > -60; code--) {
        const bool known = std::strcmp(ws_errname(code), "WS_ERR_UNKNOWN") != 0;
        const std::error_code one(code, ws::category());
        CHECK_EQ(ws::http_status(one), code == 0 ? 400 : ws_http_status(code));
        CHECK(!known || one.message() == ws_strerror(code));
    }
    CHECK(ws::version() == ws_version() && ws::version_string() == ws_version_string());
}

void test_conversions() {
    const auto size = [](ws::bytes bytes) { return bytes.size(); };
    unsigned char raw[3] = {1, 2, 3};
    std::array<std::byte, 4> array = {};
    std::string text = "12345";
    const std::vector<char> chars(6);
    CHECK_U64(size("literal"), 7);
    CHECK_U64(size(u8"K\u00f6ln"), 5);
    CHECK_U64(size("a\0b"sv), 3);
    CHECK_U64(size(raw), 3);
    CHECK_U64(size(array), 4);
    CHECK_U64(size(text), 5);
    CHECK_U64(size(chars), 6);
    CHECK_U64(size({raw, 2}), 2);
    CHECK_U64(size(ws::span<const unsigned char>(raw)), 3);
    CHECK_U64(size(ws::buffer(text)), 5);
    CHECK_STR(std::string(ws::bytes(text).text()).c_str(), "12345");

    static_assert(!std::is_constructible_v<ws::bytes, char (&)[3]>);
    static_assert(!std::is_constructible_v<ws::bytes, std::nullptr_t>);
    static_assert(!std::is_constructible_v<ws::bytes, std::vector<int> &>);
    static_assert(std::is_constructible_v<ws::buffer, char (&)[3]>);
    static_assert(std::is_constructible_v<ws::buffer, std::string &>);
    static_assert(!std::is_constructible_v<ws::buffer, const std::string &>);
    static_assert(!std::is_constructible_v<ws::buffer, std::string>);
    static_assert(!std::is_constructible_v<ws::buffer, std::string_view>);
    static_assert(!std::is_constructible_v<ws::buffer, std::array<char, 9>>);
    static_assert(std::is_constructible_v<ws::buffer, std::array<char, 9> &>);
    static_assert(std::is_constructible_v<ws::buffer, ws::span<std::byte>>);
    static_assert(std::is_constructible_v<ws::buffer, ws::span<char>>);
    static_assert(std::is_constructible_v<ws::buffer, const ws::span<char> &>);
    static_assert(!std::is_constructible_v<ws::buffer, ws::span<const char>>);
    static_assert(!std::is_constructible_v<ws::span<ws_event>, std::vector<ws_event>>);
    static_assert(std::is_constructible_v<ws::span<ws_event>, std::vector<ws_event> &>);
    static_assert(std::is_constructible_v<ws::output, std::string &>);
    static_assert(!std::is_constructible_v<ws::output, const std::string &>);
    static_assert(!std::is_constructible_v<ws::output, std::array<char, 9> &>);
    static_assert(std::is_constructible_v<ws::output, ws::fixed_output &>);
}

void test_request() {
    ws::request request;
    for (std::size_t n = 0; n < request_head.size(); n++)
        CHECK(ws::parse_request(request_head.substr(0, n), request) == ws::errc::need_more);
    CHECK(!ws::parse_request(request_head, request));
    CHECK(request.method == "GET" && request.target == "/chat");
    CHECK(request.host == "server.example.com" && request.origin == "http://example.com");
    CHECK(request.key == "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK_U64(request.head_length, request_head.size());
    CHECK_EQ(request.http_version, 11);
    CHECK(ws::parse_request("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", request) ==
          ws::errc::not_upgrade);
    CHECK(request.target == "/x" && request.origin.data() == nullptr);

    ws::head_scanner scanner;
    CHECK(scanner.scan(request_head.substr(0, 20)).error() == ws::errc::need_more);
    CHECK(*scanner.scan(request_head) == request_head.size());
}

void test_fields() {
    std::error_code error;
    std::string seen;
    for (const auto &[name, value] : ws::fields(request_head, error))
        seen += std::string(name) + "=" + std::string(value) + ";";
    CHECK(!error);
    CHECK(seen.find("Host=server.example.com;Upgrade=websocket;") == 0);
    CHECK(seen.find("Sec-WebSocket-Version=13;") != std::string::npos);
    CHECK(ws::find_field(request_head, "hOST", error) == "server.example.com");
    CHECK(!ws::find_field(request_head, "Cookie", error) && !error);
    for (const ws::field &one : ws::fields("GET", error))
        CHECK(one.name.empty() && false);
    CHECK(error == ws::errc::invalid_argument);
    CHECK(!ws::find_field("GET", "Host", error) && error);

    CHECK(*ws::select_protocol(request_head, "superchat, chat") == "superchat");
    CHECK(ws::select_protocol(request_head, "other")->empty());
    CHECK(*ws::select_protocol_value("a, b", "b, a") == "b");
    CHECK(ws::select_protocol(request_head, "a,a").error() == ws::errc::invalid_argument);
    CHECK(ws::origin_allowed("https://a.example", "http://b.example https://A.example:443"));
    CHECK(!ws::origin_allowed("https://c.example", "https://a.example"));
}

void test_responses() {
    std::string out;
    CHECK(ws::accept_key("dGhlIHNhbXBsZSBub25jZQ==")->view() ==
          "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK(ws::accept_key("short").error() == ws::errc::handshake_key);

    ws::response_spec spec;
    spec.key = "dGhlIHNhbXBsZSBub25jZQ==";
    spec.protocol = "chat";
    CHECK(!ws::build_response(spec, out));
    CHECK(out == response_head);

    ws::response response;
    CHECK(ws::parse_response(response_head.substr(0, 9), request_head, response) ==
          ws::errc::need_more);
    CHECK(!ws::parse_response(response_head, request_head, response));
    CHECK(response.protocol == "chat" && response.reason == "Switching Protocols");
    CHECK(response.status == 101 && response.extensions.data() == nullptr);
    CHECK_U64(response.head_length, response_head.size());

    out = "kept ";
    CHECK(!ws::build_reply(404, "X: y\r\n", "gone", out));
    CHECK(out.find("kept HTTP/1.1 404 ") == 0);
    CHECK(out.find("X: y\r\n") != std::string::npos);
    CHECK(ws::parse_response(out.substr(5), request_head, response) ==
          ws::errc::handshake_status);
    CHECK_EQ(response.status, 404);

    out.clear();
    ws::request_spec wanted;
    wanted.host = "server.example.com";
    wanted.protocols = "chat";
    const auto key_of_client = ws::make_key();
    CHECK(key_of_client && key_of_client->view().size() == 24);
    wanted.key = *key_of_client;
    CHECK(!ws::build_request(wanted, out));
    ws::request request;
    CHECK(!ws::parse_request(out, request));
    CHECK(request.key == key_of_client->view());
    wanted.target = "no path";
    CHECK(ws::build_request(wanted, out) == ws::errc::invalid_argument);
    CHECK_U64(out.size(), request.head_length); // nothing was appended
}

void test_checks() {
    ws::request_fields request;
    request.method = "GET";
    request.host = "server.example.com";
    request.upgrade = "websocket";
    request.connection = "Upgrade";
    request.key = "dGhlIHNhbXBsZSBub25jZQ==";
    request.version = "13";
    CHECK(!ws::check_request(request));
    request.version = "8";
    CHECK(ws::check_request(request) == ws::errc::handshake_version);
    request = ws::request_fields();
    request.method = "CONNECT";
    request.host = "a";
    request.version = "13";
    request.connect_protocol = "websocket";
    request.http_version = 20;
    CHECK(!ws::check_request(request));

    ws::response_fields response;
    response.status = 101;
    response.upgrade = "websocket";
    response.connection = "Upgrade";
    response.key = "dGhlIHNhbXBsZSBub25jZQ==";
    response.accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    CHECK(!ws::check_response(response));
    response.protocol = "chat";
    CHECK(ws::check_response(response) == ws::errc::handshake_protocol);
}

// RFC 6455, 5.7.
void test_frames() {
    Bytes out;
    CHECK(!ws::frame_encode(ws::opcode::text, "Hello", out));
    CHECK(out == Bytes({0x81, 0x05, 'H', 'e', 'l', 'l', 'o'}));
    out.clear();
    CHECK(!ws::frame_encode(ws::opcode::text, "Hello", out, key));
    CHECK_MEM(out.data(), "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    CHECK_U64(ws::frame_size(5, true), 11);

    ws::frame frame;
    const auto part = [&](std::size_t n) { return ws::buffer(out.data(), n); };
    CHECK(ws::frame_decode(part(10), ws::side::server, ws::decode_flags::none, frame)
              .error() == ws::errc::need_more);
    CHECK(*ws::frame_decode(part(11), ws::side::server, ws::decode_flags::none, frame) == 11);
    CHECK(frame.opcode() == ws::opcode::text && frame.fin() && frame.begin() && frame.end());
    CHECK(frame.data().text() == "Hello");
    CHECK(ws::has(frame.flags(), ws::frame_flags::fin | ws::frame_flags::masked));
    CHECK(ws::frame_decode(part(11), ws::side::client, ws::decode_flags::none, frame)
              .error() == ws::errc::mask);

    char headroom[7] = {0, 0, 'H', 'e', 'l', 'l', 'o'};
    ws::fixed_output before(ws::buffer(headroom, 2));
    CHECK(!ws::frame_header(ws::opcode::text, 5, before));
    CHECK_MEM(headroom, "\x81\x05Hello", 7);
    CHECK(ws::frame_header(ws::opcode::text, 5, before) == ws::errc::buffer_too_small);
    CHECK_U64(before.size(), 2);

    ws::mask(ws::buffer(headroom + 2, 5), key);
    CHECK_MEM(headroom + 2, "\x7f\x9f\x4d\x51\x58", 5);
    char copy[5];
    CHECK(!ws::mask_copy(copy, ws::bytes(headroom + 3, 4), key, 1));
    CHECK_MEM(copy, "ello", 4);
    CHECK(ws::mask_copy(copy, "longer", key) == ws::errc::buffer_too_small);

    ws_out_frame many[2] = {};
    many[0].payload = "Hel";
    many[0].payload_len = 3;
    many[0].opcode = WS_OPCODE_TEXT;
    many[1].payload = "lo";
    many[1].payload_len = 2;
    many[1].flags = WS_FIN;
    out.clear();
    CHECK(*ws::frames_encode(many, out) == 2);
    CHECK_MEM(out.data(), "\x01\x03Hel\x80\x02lo", 9);
    CHECK_U64(out.size(), 9);
}

void test_text_and_close() {
    ws::utf8_validator validator;
    CHECK(!validator.feed("K\xc3") && !validator.complete());
    CHECK(!validator.feed("\xb6") && validator.complete());
    CHECK(validator.feed("\xff") == ws::errc::utf8);
    CHECK(!ws::utf8_validate("K\xc3\xb6"));
    CHECK(ws::utf8_validate("K\xc3") == ws::errc::utf8);

    std::string out;
    CHECK(!ws::close_build(ws::close_code::going_away, "bye", out));
    CHECK(out == "\x03\xe9" "bye");
    const auto close = ws::close_parse(out);
    CHECK(close && close->code == ws::close_code::going_away && close->reason == "bye");
    CHECK(ws::close_parse({})->code == ws::close_code::no_status);
    CHECK(ws::close_parse("x").error() == ws::errc::close_payload);
    CHECK(ws::is_valid(ws::close_code{4000}) && !ws::is_valid(ws::close_code::abnormal));
}

void test_control() {
    ws::control control;
    ws::decoder decoder(ws::side::client);
    std::error_code error;
    std::string in = "\x89\x02hi\x88\x05\x03\xe8" "bye", out;
    for (const ws::frame &frame : decoder.read(in, error))
        CHECK(!control.feed(frame, out, key));
    CHECK(!error && control.close_code() == ws::close_code::normal);
    CHECK(control.reason()->view() == "bye");
    CHECK_U64(out.size(), 8 + 8);
    CHECK_MEM(out.data(), "\x8a\x82", 2);
    CHECK_MEM(out.data() + 8, "\x88\x82", 2);
    CHECK(!control.close(ws::close_code::normal, "", out, key));
    CHECK_U64(out.size(), 16); // written before
}

// RFC 7692, 7.2.3.
void test_pmd() {
    if (!ws::has_deflate())
        return;
    std::string offer, reply, out;
    ws::pmd_params client = {}, server = {};
    client.client_no_context_takeover = 1;
    CHECK(!ws::pmd::offer(client, offer));
    CHECK(*ws::pmd::accept_value(offer, server, reply));
    CHECK(*ws::pmd::confirm_value(reply, client));
    CHECK(server.client_no_context_takeover == 1);
    const std::string head = std::string(request_head.substr(0, request_head.size() - 2)) +
                             "Sec-WebSocket-Extensions: " + offer + "\r\n\r\n";
    CHECK(*ws::pmd::accept(head, server, reply));
    CHECK(!*ws::pmd::accept(request_head, server, reply));
    CHECK(!*ws::pmd::confirm(response_head, client));

    ws::pmd pmd(ws::side::server, ws::pmd_params());
    CHECK(!ws::pmd() && pmd);
    CHECK(!pmd.compress("Hello", out));
    CHECK(out == "\xf2\x48\xcd\xc9\xc9\x07\0"sv);
    ws::pmd moved(std::move(pmd)), reader(ws::side::client, ws::pmd_params());
    char text[8];
    const auto step = reader.decompress(out, text);
    CHECK(step && step->count == 5 && step->consumed == out.size());
    CHECK_MEM(text, "Hello", 5);
    CHECK(reader.decompress({}, text)->count == 0);
    CHECK(reader.decompress("\xff\xff", text).error() == ws::errc::compression);
    CHECK(moved.handle() != nullptr && !moved.compress("Hello", out));
}

void test_accept_and_confirm() {
    ws::accept_spec spec;
    ws::pmd_params any = {};
    spec.protocols = "superchat, chat";
    spec.pmd = ws::has_deflate() ? &any : nullptr;
    CHECK(!ws::check(spec));
    std::string out;
    CHECK(ws::accept(request_head.substr(0, 100), spec, out).error() == ws::errc::need_more);
    CHECK(out.empty());
    const auto server = ws::accept(request_head, spec, out);
    CHECK(server && server->conn && server->protocol == "superchat");
    CHECK_U64(server->head_length, request_head.size());

    ws::response response;
    CHECK(ws::confirm(out.substr(0, 30), request_head, response).error() ==
          ws::errc::need_more);
    const auto client = ws::confirm(out, request_head, response);
    CHECK(client && *client && response.protocol == "superchat");
    CHECK(!client->agreed_pmd());

    spec.origins = "https://other.example";
    out.clear();
    const auto rejected = ws::accept(request_head, spec, out);
    CHECK(rejected.error() == ws::errc::handshake_origin && !rejected->conn);
    CHECK(out.find("HTTP/1.1 403 ") == 0);
    CHECK(ws::confirm(out, request_head, response).error() == ws::errc::handshake_status);
    CHECK_EQ(response.status, 403);
    spec.origins = "https://other.example/";
    CHECK(ws::check(spec) == ws::errc::invalid_argument);
    spec.origins = {};
    spec.protocols = "other";
    spec.need_protocol = true;
    CHECK(ws::accept(request_head, spec, out).error() == ws::errc::handshake_protocol);
}

void test_compressed_connection() {
    if (!ws::has_deflate())
        return;
    std::string request, out;
    ws::pmd_params params = {};
    std::string offer;
    CHECK(!ws::pmd::offer(params, offer));
    ws::request_spec wanted;
    wanted.host = "a";
    wanted.key = "dGhlIHNhbXBsZSBub25jZQ==";
    wanted.extensions = offer;
    CHECK(!ws::build_request(wanted, request));
    ws::accept_spec spec;
    spec.pmd = &params;
    auto server = ws::accept(request, spec, out);
    ws::response response;
    auto client = ws::confirm(out, request, response, &params);
    CHECK(server && client && server->conn.agreed_pmd() && client->agreed_pmd());
    out.clear();
    CHECK(!client->send(ws::opcode::text, std::string(1000, 'x'), out));
    CHECK(out.size() < 100);
    std::error_code error;
    std::string reply;
    for (const ws::event &e : server->conn.read(out, reply, error))
        CHECK(e.is_text() && e.text() == std::string(1000, 'x'));
    CHECK(!error && reply.empty());
    CHECK(!client->send(ws::opcode::text, "xx", out, ws::send_flags::plain));
}

} // namespace

int main(int, char **argv) {
    test_errors();
    test_conversions();
    test_request();
    test_fields();
    test_responses();
    test_checks();
    test_frames();
    test_text_and_close();
    test_control();
    test_pmd();
    test_accept_and_confirm();
    test_compressed_connection();
    return check_done(argv[0]);
}

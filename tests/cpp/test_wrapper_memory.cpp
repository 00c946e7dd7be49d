// wscodec.hpp allocates nothing: with output in fixed memory and a connection in memory of
// ours, a whole conversation calls neither operator new nor the C library's allocator.
#include "wscodec.hpp"

#include "check.hpp"

#include <cstdlib>
#include <cstring>
#include <memory_resource>
#include <new>

namespace {
std::size_t allocations = 0;
} // namespace

// GCC warns where it inlines these next to a call of operator new in the library.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void *operator new(std::size_t size) {
    allocations++;
    void *memory = std::malloc(size);
    if (memory == nullptr)
        std::abort();
    return memory;
}
void operator delete(void *memory) noexcept {
    std::free(memory);
}
void operator delete(void *memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

// A std::pmr::memory_resource that counts its allocations, and fails on demand.
class counted : public std::pmr::memory_resource {
public:
    std::size_t calls = 0, held = 0;
    bool fail = false;

private:
    void *do_allocate(std::size_t size, std::size_t) override {
        calls++;
#if defined(__cpp_exceptions)
        if (fail)
            throw std::bad_alloc();
#else
        if (fail)
            return nullptr;
#endif
        held += size;
        return std::malloc(size);
    }
    void do_deallocate(void *memory, std::size_t size, std::size_t) override {
        held -= size;
        std::free(memory);
    }
    bool do_is_equal(const memory_resource &other) const noexcept override {
        return this == &other;
    }
};

constexpr char request_head[] = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                "Sec-WebSocket-Version: 13\r\n\r\n";
constexpr ws::mask_key key = {{1, 2, 3, 4}};

void converse(const ws_allocator &allocator) {
    unsigned char memory[1000], reply[1000];
    ws::fixed_output in{ws::buffer(memory)}, out{ws::buffer(reply)};
    ws::accept_spec spec;
    spec.allocator = &allocator;
    ws::result<ws::accepted> client = ws::accept(request_head, spec, out);
    CHECK(client && client->conn);
    ws::connection conn = std::move(client->conn);
    out.clear();

    CHECK(!ws::frame_encode(ws::opcode::text, "Hello", in, key));
    CHECK(!ws::frame_encode(ws::opcode::ping, "p", in, key));
    CHECK(!ws::frame_encode(ws::opcode::text, "\xff", in, key));
    std::error_code error;
    for (const ws::event &e : conn.read(in, out, error))
        if (e.is_message())
            CHECK(!conn.send(e.opcode(), e.data(), out));
    CHECK(error == ws::errc::utf8 && error.category() == ws::category());
    CHECK_U64(out.size(), 7 + 3 + 4);
    CHECK_MEM(reply, "\x81\x05Hello\x8a\x01p\x88\x02\x03\xef", 14);

    ws::decoder decoder(ws::side::client);
    ws::control control;
    ws::fixed_output none{ws::buffer()};
    for (const ws::frame &f : decoder.read(out, error))
        if (f.opcode() == ws::opcode::text)
            CHECK(!control.feed(f, none));
    CHECK(!error && !decoder.finish());
    for (auto [name, value] : ws::fields(request_head, error))
        CHECK(!name.empty() && !value.empty());
    CHECK(ws::message(ws::errc::utf8) != nullptr && ws::accept_key("").error());
}

void test_nothing_is_allocated() {
    counted resource;
    const ws_allocator allocator = ws::allocator_from(resource);
    const std::size_t before = allocations;
    converse(allocator);
    CHECK_U64(allocations, before);
    CHECK(resource.calls > 0 && resource.held == 0);
    std::string *const counts = new std::string(100, 'x');
    CHECK_U64(allocations, before + 2);
    delete counts;
}

void test_own_memory() {
    counted resource;
    const ws_allocator allocator = ws::allocator_from(resource);
    ws::connection_memory memory;
    {
        ws::connection conn(ws::side::server, memory, &allocator);
        CHECK(conn && static_cast<void *>(conn.handle()) == &memory);
        unsigned char in[] = "\x81\x82\0\0\0\0hi", reply[10];
        ws::fixed_output out{ws::buffer(reply)};
        std::error_code error;
        for (const ws::event &e : conn.read(ws::buffer(in, 8), out, error))
            CHECK(!conn.send(e.opcode(), e.data(), out));
        CHECK_MEM(reply, "\x81\x02hi", 4);
        CHECK_U64(resource.calls, 0); // the handle is in our memory
        ws::connection moved = std::move(conn);
        CHECK(moved && !conn);
        conn = std::move(moved);
        CHECK(conn && !moved);
    }
    ws::connection again(ws::side::client, memory);
    CHECK(again);
    ws_conn *handle = again.release();
    CHECK(!again && ws_conn_state(handle) == WS_STATE_OPEN);
    again = ws::connection(handle);
    CHECK(again);
}

void test_without_memory() {
    counted resource;
    const ws_allocator allocator = ws::allocator_from(resource);
    resource.fail = true;
    CHECK(!ws::connection(ws::side::server, &allocator));
    if (ws::has_deflate())
        CHECK(!ws::pmd(ws::side::server, ws::pmd_params(), &allocator));
    resource.fail = false;
    ws::connection conn(ws::side::server, &allocator);
    resource.fail = true;
    // A message in two fragments has to be collected.
    unsigned char in[] = "\x01\x82\0\0\0\0hi", reply[200];
    ws::fixed_output out{ws::buffer(reply)};
    std::error_code error;
    for (const ws::event &e : conn.read(ws::buffer(in, 8), out, error))
        CHECK(e.is_close() && false);
    CHECK(error == ws::errc::no_memory);
    CHECK_MEM(reply, "\x88\x02\x03\xf3", 4);
}

int fill(void *user, void *out, std::size_t length) {
    std::memset(out, *static_cast<int *>(user), length);
    return 0;
}

void test_masking_keys() {
    ws::connection conn(ws::side::client);
    int value = 0;
    CHECK(!conn.set_random(fill, &value));
    char bytes[100];
    ws::fixed_output out{ws::buffer(bytes)};
    CHECK(!conn.send(ws::opcode::text, "hi", out));
    CHECK_MEM(bytes, "\x81\x82\0\0\0\0hi", 8);
}

} // namespace

int main(int, char **argv) {
    test_nothing_is_allocated();
    test_own_memory();
    test_without_memory();
    test_masking_keys();
    return check_done(argv[0]);
}

// A chat with Asio coroutines. The first message of a client is its name; every other one
// goes to all clients.
//
// A message is encoded once for all clients that get it uncompressed, and once for all
// clients with the same compression window. That is possible because no message refers to
// earlier ones. A client that reads too slowly is dropped, and does not delay others.
#include <array>

#include "server.hpp"

// Encodes one message for many peers.
class encoder {
public:
    encoder() {
        ws::pmd_params params{};
        params.server_no_context_takeover = 1;
        for (unsigned bits = 8; bits < kinds_.size() && ws::has_deflate(); bits++) {
            params.server_max_window_bits = static_cast<std::uint8_t>(bits);
            if (kinds_[bits].conn.set_pmd(params))
                kinds_[bits].conn = ws::connection(); // which sends nothing
        }
    }

    void set_message(std::string_view text) {
        text_ = text;
        for (kind &one : kinds_)
            one.bytes.clear();
    }
    // The frame for a window of so many bits, or 0 for uncompressed. Empty: no memory.
    const std::string &frame(unsigned bits) {
        kind &one = kinds_.at(bits);
        if (one.bytes.empty() && one.conn.send(ws::opcode::text, text_, one.bytes))
            one.bytes.clear();
        return one.bytes;
    }

private:
    struct kind {
        ws::connection conn{ws::side::server};
        std::string bytes;
    };
    std::string_view text_;
    std::array<kind, 16> kinds_; // by bits
};

class chat {
public:
    int run(const server_options &options) {
        limits_ = options.limits;
        return server_.run(options, [this](peer &client) { return session(client); });
    }

private:
    static constexpr std::size_t max_unsent = 4 << 20, max_name = 32;

    awaitable<void> session(peer &client) {
        std::string name;
        std::error_code error;
        while (!error && !client.conn.ended()) {
            const ws::buffer input = co_await client.input();
            if (input.empty())
                break;
            for (const ws::event &e : client.conn.read(input, client.out, error))
                if (e.is_message() && !handle(client, name, e))
                    break;
            client.flush();
            co_await client.drain(); // e.g. of pongs that the client does not read
        }
        if (!name.empty())
            send_to_all(name + " left");
    }

    // Returns false if the client has to leave.
    bool handle(peer &client, std::string &name, const ws::event &e) {
        if (!e.is_text() || (name.empty() && !is_name(e.text()))) {
            client.close(ws::close_code::policy, "a name of at most 32 bytes, then text",
                         limits_.handshake);
            return false;
        }
        const bool joins = name.empty();
        if (joins)
            name = e.text();
        send_to_all(joins ? name + " joined" : name + ": " + std::string(e.text()));
        return true;
    }

    static bool is_name(std::string_view text) {
        const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
        return !text.empty() && text.size() <= max_name &&
               std::none_of(text.begin(), text.end(), is_control);
    }

    void send_to_all(const std::string &text) {
        encoder_.set_message(text);
        for (const auto &other : server_.peers()) {
            if (other->conn.state() != ws::state::open)
                continue;
            const bool compress = text.size() >= limits_.compress_from;
            const std::string &frame = encoder_.frame(compress ? other->window_bits() : 0);
            if (frame.empty() || other->unsent() + frame.size() > max_unsent) {
                other->drop();
                continue;
            }
            other->out += frame;
            other->flush();
        }
    }

    limits limits_;
    encoder encoder_;
    server server_;
};

int main(int argc, char **argv) {
    const server_options options = parse_options(
        argc, argv,
        "A chat. The first message of a client is its name; every other one, of up to\n"
        "1 MiB, goes to all clients. Drops a client for which more than 4 MiB wait.");
    return chat().run(options);
}

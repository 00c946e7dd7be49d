// A WebSocket peer on a TCP socket of Asio: it reads, writes and keeps time limits. `conn`
// is the protocol, and `out` collects what is to be sent.
#ifndef PEER_HPP
#define PEER_HPP

#include <algorithm>
#include <array>
#include <asio.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <wscodec.hpp>

#include "http.hpp"

using asio::awaitable;
using asio::ip::tcp;
using std::chrono::seconds;

struct limits {
    seconds handshake{10}; // for the opening and the closing handshake
    seconds send{30};      // for a peer that reads nothing
    std::uint64_t max_message = 1 << 20;
    std::uint64_t compress_from = 1024; // shorter messages hardly get smaller
};

// Runs a function unless it is stopped in time.
class watchdog {
public:
    explicit watchdog(const asio::any_io_executor &executor) : timer_(executor) {}

    template <class Expired> void start(seconds limit, Expired expired) {
        timer_.expires_after(limit);
        timer_.async_wait([this, expired](const std::error_code &error) {
            // stop() may come when this function is queued already.
            if (!error && timer_.expiry() <= clock::now())
                expired();
        });
    }
    void stop() { timer_.expires_at(clock::time_point::max()); }

private:
    using clock = asio::steady_timer::clock_type;
    asio::steady_timer timer_;
};

class peer : public std::enable_shared_from_this<peer> {
public:
    static constexpr std::size_t max_unsent = 64 << 10;

    peer(tcp::socket socket, const limits &l)
        : limits_(l), patience_(l.handshake), socket_(std::move(socket)),
          written_(socket_.get_executor(), asio::steady_timer::time_point::max()),
          deadline_(socket_.get_executor()), send_deadline_(socket_.get_executor()) {}

    ws::connection conn;
    std::string out;

    // Server: the opening handshake. If it returns false, the peer was refused.
    awaitable<bool> accept(ws::accept_spec spec) {
        limit(limits_.handshake);
        ws::head_scanner scanner;
        ws::result<std::size_t> head = ws::errc::need_more;
        std::size_t length = 0;
        while (head.error() == ws::errc::need_more) {
            const std::size_t n = co_await read_some(length);
            if (n == 0)
                co_return false;
            length += n;
            head = scanner.scan({input_.data(), length});
        }
        auto client = ws::accept({input_.data(), length}, spec, out);
        if (client.error() == ws::errc::not_upgrade) {
            out.clear();
            reply_to_plain_http({input_.data(), length}, out);
        }
        flush();
        if (!client)
            co_return false;
        conn = std::move(client->conn);
        co_return start(ws::side::server, client->head_length, length);
    }

    // Client: the opening handshake.
    awaitable<std::error_code> connect(ws::request_spec spec) {
        limit(limits_.handshake);
        std::string offer, request;
        const ws::pmd_params params{};
        const auto key = ws::make_key();
        if (ws::has_deflate() && ws::pmd::offer(params, offer))
            offer.clear();
        spec.key = *key;
        spec.extensions = offer;
        if (const auto error = key ? ws::build_request(spec, request) : key.error())
            co_return error;
        out = request;
        flush();
        ws::result<ws::connection> server = ws::errc::need_more;
        ws::response response;
        std::size_t length = 0;
        while (server.error() == ws::errc::need_more) {
            const std::size_t n = co_await read_some(length);
            if (n == 0)
                co_return ws::errc::eof;
            length += n;
            server = ws::confirm({input_.data(), length}, request, response,
                                 offer.empty() ? nullptr : &params);
        }
        if (!server)
            co_return server.error();
        conn = std::move(*server);
        if (!start(ws::side::client, response.head_length, length))
            co_return ws::errc::no_memory;
        co_return std::error_code();
    }

    // Waits for bytes to pass to conn.read(). None: the stream has ended.
    awaitable<ws::buffer> input() {
        if (pending_.empty())
            pending_ = ws::buffer(input_.data(), co_await read_some(0));
        co_return std::exchange(pending_, ws::buffer());
    }

    // Backpressure: waits while too much output waits for the peer.
    awaitable<void> drain() {
        if (unsent() > max_unsent)
            flush();
        while (writing_ && unsent() > max_unsent)
            co_await wait_until_written();
    }

    // Sends what is in `out`, in the background.
    void flush() {
        if (writing_ || out.empty() || !socket_.is_open())
            return;
        writing_ = true;
        asio::co_spawn(socket_.get_executor(), write(shared_from_this()), asio::detached);
    }

    // Ends the connection as RFC 6455, 7.1.1 demands: closing the socket at once could
    // destroy a close frame in transit.
    awaitable<void> finish() {
        limit(patience_);
        flush();
        while (writing_)
            co_await wait_until_written();
        std::error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_send, ignored);
        while (co_await read_some(0) > 0)
            continue;
        drop();
    }

    // Starts the closing handshake, or drops a peer whose opening handshake is incomplete.
    void close(ws::close_code code, std::string_view reason, seconds patience) {
        if (!socket_.is_open())
            return;
        if (!conn || conn.close(code, reason, out)) {
            drop();
            return;
        }
        patience_ = patience;
        flush();
        limit(patience_);
    }

    // Closes the socket: every coroutine that waits for it continues at once.
    void drop() {
        std::error_code ignored;
        socket_.close(ignored);
        deadline_.stop();
        send_deadline_.stop();
        written_.cancel();
    }

    std::size_t unsent() const { return out.size() + sending_.size(); }
    // The window of what we compress; 0 without compression.
    unsigned window_bits() const { return window_bits_; }

private:
    auto dropper() { return [self = shared_from_this()] { self->drop(); }; }

    // After the opening handshake. Bytes after the head are the first frames.
    bool start(ws::side self, std::size_t head_length, std::size_t length) {
        deadline_.stop();
        pending_ = ws::buffer(input_.data() + head_length, length - head_length);
        socket_.set_option(tcp::no_delay(true));
        if (auto pmd = conn.agreed_pmd()) {
            // Our messages do not refer to earlier ones: an idle peer needs less memory.
            const bool server = self == ws::side::server;
            (server ? pmd->server_no_context_takeover : pmd->client_no_context_takeover) = 1;
            window_bits_ = server ? pmd->server_max_window_bits : pmd->client_max_window_bits;
            if (conn.set_pmd(*pmd))
                return false;
        }
        return !conn.set(ws::option::max_message, limits_.max_message) &&
               !conn.set(ws::option::compress_from, limits_.compress_from);
    }

    void limit(seconds time) { deadline_.start(time, dropper()); }

    // Returns 0 at the end of the stream.
    awaitable<std::size_t> read_some(std::size_t at) {
        std::error_code error;
        co_return co_await socket_.async_read_some(
            asio::buffer(input_.data() + at, input_.size() - at),
            asio::redirect_error(asio::use_awaitable, error));
    }

    // The parameter keeps the peer alive.
    awaitable<void> write(std::shared_ptr<peer>) {
        std::error_code error;
        while (!error && !out.empty()) {
            sending_.swap(out);
            for (std::size_t sent = 0; !error && sent < sending_.size();) {
                send_deadline_.start(limits_.send, dropper());
                sent += co_await socket_.async_write_some(
                    asio::buffer(sending_.data() + sent, sending_.size() - sent),
                    asio::redirect_error(asio::use_awaitable, error));
            }
            sending_.clear();
            if (sending_.capacity() > 2 * max_unsent)
                sending_.shrink_to_fit();
            written_.cancel();
        }
        writing_ = false;
        error ? drop() : send_deadline_.stop();
        written_.cancel();
    }

    awaitable<void> wait_until_written() {
        std::error_code cancelled;
        co_await written_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }

    const limits &limits_;
    seconds patience_; // for the closing handshake
    tcp::socket socket_;
    asio::steady_timer written_; // never expires: cancelled when bytes are written
    watchdog deadline_, send_deadline_;
    std::array<char, ws::max_head> input_;
    ws::buffer pending_;
    std::string sending_;
    bool writing_ = false;
    unsigned window_bits_ = 0;
};

#endif

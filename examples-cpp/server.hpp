// Accepts connections, runs a coroutine for each, and ends on SIGINT or SIGTERM.
#ifndef SERVER_HPP
#define SERVER_HPP

#include <csignal>
#include <iostream>
#include <memory>
#include <set>

#include "options.hpp"
#include "peer.hpp"

class server {
public:
    // session(peer &) is a coroutine. It ends when the connection does.
    template <class Session> int run(const server_options &options, Session session) {
        try {
            listen(options, session);
            asio::signal_set signals(io_, SIGINT, SIGTERM);
            signals.async_wait([this](const std::error_code &, int) { stop(); });
            io_.run();
            return 0;
        } catch (const std::exception &error) {
            std::cerr << "error: " << error.what() << "\n";
            return 1;
        }
    }

    const std::set<std::shared_ptr<peer>> &peers() const {
        return peers_;
    }

private:
    template <class Session> void listen(const server_options &options, Session session) {
        tcp::resolver resolver(io_);
        for (const auto &found : resolver.resolve(options.host, options.port)) {
            auto acceptor = std::make_shared<tcp::acceptor>(io_, found.endpoint());
            std::cout << "listening on http://" << acceptor->local_endpoint() << std::endl;
            acceptors_.insert(acceptor);
            asio::co_spawn(io_, accept(acceptor, options, session), asio::detached);
        }
    }

    template <class Session>
    awaitable<void> accept(std::shared_ptr<tcp::acceptor> acceptor,
                           const server_options &options, Session session) {
        while (acceptor->is_open()) {
            std::error_code error;
            tcp::socket socket = co_await acceptor->async_accept(
                asio::redirect_error(asio::use_awaitable, error));
            if (!error) {
                auto client = std::make_shared<peer>(std::move(socket), options.limits);
                peers_.insert(client);
                asio::co_spawn(io_, serve(client, options, session), asio::detached);
            } else if (acceptor->is_open()) { // e.g. no descriptor is left
                asio::steady_timer pause(io_, std::chrono::milliseconds(100));
                co_await pause.async_wait(asio::use_awaitable);
            }
        }
    }

    template <class Session>
    awaitable<void> serve(std::shared_ptr<peer> client, const server_options &options,
                          Session session) {
        try {
            if (co_await client->accept(options.accept_spec()))
                co_await session(*client);
            co_await client->finish();
        } catch (const std::exception &error) {
            std::cerr << "connection: " << error.what() << "\n";
            client->drop();
        }
        peers_.erase(client);
    }

    // Closes all connections. Peers have two seconds to close theirs.
    void stop() {
        for (const auto &acceptor : acceptors_)
            acceptor->close();
        for (const auto &client : peers_)
            client->close(ws::close_code::going_away, "", seconds(2));
    }

    asio::io_context io_{1}; // of one thread
    std::set<std::shared_ptr<tcp::acceptor>> acceptors_;
    std::set<std::shared_ptr<peer>> peers_;
};

#endif

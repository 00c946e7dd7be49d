// wscodec.hpp - wscodec for C++17 and later: thin, header-only, exceptions not needed.
//
// wscodec.h beside this file is the manual. A comment here names the C function that
// does the work; its description there has the details and the errors.
//
//   errors      Functions return a std::error_code or a ws::result<T>. Nothing throws.
//   allocation  This header allocates nothing. Output is appended to memory of yours: see
//               ws::output. The library allocates for a connection as wscodec.h states.
//   input       ws::bytes (read only) and ws::buffer (written to, since payloads are
//               unmasked in place) convert from std::string, std::string_view, spans,
//               arrays, std::vector and Asio's buffers. HTTP heads are text, a
//               std::string_view: ws::bytes(data, size).text() if they are in other memory.
//   views       Views that point into a buffer are valid as long as the buffer is. The spec
//               structs, ws::bytes and ws::buffer are views too: what they refer to, e.g. a
//               key from make_key(), must outlive them.
//
// A whole connection, with a blocking socket; send_all() is yours:
//
//   void serve(int fd)
//   {
//       char in[ws::max_head];
//       std::size_t len = 0;
//       std::string out;
//       ws::result<ws::accepted> client = ws::errc::need_more;
//       while (client.error() == ws::errc::need_more) {
//           const auto got = recv(fd, in + len, sizeof in - len, 0);
//           if (got <= 0)
//               return;
//           len += static_cast<std::size_t>(got);
//           client = ws::accept({in, len}, ws::accept_spec(), out);
//       }
//       if (client) {
//           ws::connection &conn = client->conn;
//           ws::buffer input(in + client->head_length, len - client->head_length);
//           std::error_code error;
//           while (!error) {
//               for (const ws::event &e : conn.read(input, out, error))
//                   if (e.is_message())
//                       if (conn.send(e.opcode(), e.data(), out))
//                           return;
//               if (!send_all(fd, out) || conn.ended())
//                   break;
//               out.clear();
//               const auto got = recv(fd, in, sizeof in, 0);
//               if (got <= 0)
//                   error = conn.finish();
//               else
//                   input = ws::buffer(in, static_cast<std::size_t>(got));
//           }
//       } else {
//           send_all(fd, out); // the response that rejects the request
//       }
//       shutdown(fd, SHUT_WR);
//       while (recv(fd, in, sizeof in, 0) > 0) // or until a timer fires
//           continue;
//   }
//
// Not wrapped: ws_sizeof(), which is for bindings that cannot include wscodec.h.
#ifndef WSCODEC_HPP
#define WSCODEC_HPP

#include "wscodec.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

namespace ws {

// ======== Version ========

// The version of the loaded library, e.g. 100 for 0.1.0 (ws_version).
[[nodiscard]] inline std::uint32_t version() noexcept {
    return ws_version();
}

// The version of the loaded library as text (ws_version_string).
[[nodiscard]] inline const char *version_string() noexcept {
    return ws_version_string();
}

// Whether the library has permessage-deflate (ws_features).
[[nodiscard]] inline bool has_deflate() noexcept {
    return (ws_features() & WS_FEATURE_DEFLATE) != 0;
}

// ======== Errors ========

enum class errc : int {
    invalid_argument = WS_ERR_INVALID_ARGUMENT,
    buffer_too_small = WS_ERR_BUFFER_TOO_SMALL, // also: an output could not grow
    invalid_state = WS_ERR_INVALID_STATE,
    no_memory = WS_ERR_NO_MEMORY,
    unsupported = WS_ERR_UNSUPPORTED,
    random = WS_ERR_RANDOM,
    http_syntax = WS_ERR_HTTP_SYNTAX,
    http_too_large = WS_ERR_HTTP_TOO_LARGE,
    not_upgrade = WS_ERR_NOT_UPGRADE,
    http_method = WS_ERR_HTTP_METHOD,
    http_version = WS_ERR_HTTP_VERSION,
    handshake_host = WS_ERR_HANDSHAKE_HOST,
    handshake_key = WS_ERR_HANDSHAKE_KEY,
    handshake_version = WS_ERR_HANDSHAKE_VERSION,
    handshake_status = WS_ERR_HANDSHAKE_STATUS,
    handshake_accept = WS_ERR_HANDSHAKE_ACCEPT,
    handshake_protocol = WS_ERR_HANDSHAKE_PROTOCOL,
    extension = WS_ERR_EXTENSION,
    handshake_origin = WS_ERR_HANDSHAKE_ORIGIN,
    reserved_bits = WS_ERR_RESERVED_BITS,
    opcode = WS_ERR_OPCODE,
    length = WS_ERR_LENGTH,
    mask = WS_ERR_MASK,
    control_frame = WS_ERR_CONTROL_FRAME,
    fragmentation = WS_ERR_FRAGMENTATION,
    close_payload = WS_ERR_CLOSE_PAYLOAD,
    utf8 = WS_ERR_UTF8,
    too_big = WS_ERR_TOO_BIG,
    compression = WS_ERR_COMPRESSION,
    eof = WS_ERR_EOF,
    // Not an error of the C functions, which return 0: a head or a frame is incomplete.
    need_more = 1,
};

} // namespace ws

template <> struct std::is_error_code_enum<ws::errc> : std::true_type {};

namespace ws {

// A short English phrase, without an allocation (ws_strerror).
[[nodiscard]] inline const char *message(errc error) noexcept {
    return error == errc::need_more ? "more input is needed"
                                    : ws_strerror(static_cast<ws_result>(error));
}

// The name of the C constant, e.g. "WS_ERR_UTF8" (ws_errname).
[[nodiscard]] inline const char *name(errc error) noexcept {
    return error == errc::need_more ? "need_more"
                                    : ws_errname(static_cast<ws_result>(error));
}

namespace detail {

class category_type final : public std::error_category {
public:
    [[nodiscard]] const char *name() const noexcept override { return "wscodec"; }
    [[nodiscard]] std::string message(int code) const override {
        return ws::message(static_cast<errc>(code));
    }
    [[nodiscard]] std::error_condition
    default_error_condition(int code) const noexcept override {
        switch (code) {
        case WS_ERR_INVALID_ARGUMENT: return std::errc::invalid_argument;
        case WS_ERR_BUFFER_TOO_SMALL: return std::errc::no_buffer_space;
        case WS_ERR_NO_MEMORY: return std::errc::not_enough_memory;
        case WS_ERR_UNSUPPORTED: return std::errc::not_supported;
        case WS_ERR_TOO_BIG: return std::errc::message_size;
        default: return std::error_condition(code, *this);
        }
    }
};

} // namespace detail

// The category of all errors here: the same in every shared library of a program, except
// on Windows.
#if defined(__GNUC__) && !defined(_WIN32)
[[gnu::visibility("default")]]
#endif
[[nodiscard]] inline const std::error_category &category() noexcept {
    static const detail::category_type instance;
    return instance;
}

[[nodiscard]] inline std::error_code make_error_code(errc error) noexcept {
    return std::error_code(static_cast<int>(error), category());
}

namespace detail {

[[nodiscard]] inline std::error_code error_of(ws_result n) noexcept {
    return n < 0 ? make_error_code(static_cast<errc>(n)) : std::error_code();
}

// The C result of an error. That of another category is one of the system or the caller.
[[nodiscard]] inline ws_result result_of(const std::error_code &error) noexcept {
    if (!error)
        return WS_OK;
    return error.category() == ws::category() ? error.value() : WS_ERR_INVALID_STATE;
}

} // namespace detail

// A value or an error, like C++23's std::expected. An error leaves a default T, so a
// dereference is never undefined. A result<bool> is not a condition.
template <class T> class [[nodiscard]] result {
public:
    result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
        : value_(std::move(value)) {}
    // `error` is not success.
    result(std::error_code error) noexcept : error_(error) {}
    result(errc error) noexcept : error_(make_error_code(error)) {}

    [[nodiscard]] explicit operator bool() const noexcept {
        static_assert(!std::is_same_v<T, bool>,
                      "ambiguous: use has_value() for success, or * for the value");
        return !error_;
    }
    [[nodiscard]] bool has_value() const noexcept { return !error_; }
    [[nodiscard]] const std::error_code &error() const noexcept { return error_; }
    [[nodiscard]] T &operator*() & noexcept { return value_; }
    [[nodiscard]] const T &operator*() const & noexcept { return value_; }
    [[nodiscard]] T &&operator*() && noexcept { return std::move(value_); }
    [[nodiscard]] T *operator->() noexcept { return &value_; }
    [[nodiscard]] const T *operator->() const noexcept { return &value_; }

private:
    T value_{};
    std::error_code error_;
};

namespace detail {

[[nodiscard]] inline result<std::size_t> count_of(ws_result n) noexcept {
    if (n < 0)
        return error_of(n);
    return static_cast<std::size_t>(n);
}

// For functions that return 0 while input is incomplete.
[[nodiscard]] inline result<std::size_t> length_of(ws_result n) noexcept {
    if (n == 0)
        return errc::need_more;
    return count_of(n);
}

// For functions that return 1 or 0.
[[nodiscard]] inline result<bool> flag_of(ws_result n) noexcept {
    if (n < 0)
        return error_of(n);
    return n == 1;
}

} // namespace detail

// ======== Flags ========

namespace detail {
template <class E> struct is_flags : std::false_type {};
template <class E> using flags_only = std::enable_if_t<is_flags<E>::value, E>;
} // namespace detail

template <class E> constexpr detail::flags_only<E> operator|(E a, E b) noexcept {
    return static_cast<E>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
template <class E> constexpr detail::flags_only<E> operator&(E a, E b) noexcept {
    return static_cast<E>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
template <class E> constexpr detail::flags_only<E> &operator|=(E &a, E b) noexcept {
    return a = a | b;
}
// Whether all bits of `flag` are in `set`.
template <class E>
[[nodiscard]] constexpr std::enable_if_t<detail::is_flags<E>::value, bool>
has(E set, E flag) noexcept {
    return (set & flag) == flag;
}

// ======== Bytes in ========

#if defined(__cpp_lib_span)
template <class T> using span = std::span<T>;
#else
// The part of std::span that is needed here.
template <class T> class span {
    template <class U> using compatible =
        std::enable_if_t<std::is_convertible_v<U (*)[], T (*)[]>>;

public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using size_type = std::size_t;
    using iterator = T *;

    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class U, std::size_t N, class = compatible<U>>
    constexpr span(U (&array)[N]) noexcept : data_(array), size_(N) {}
    template <class C, class U = std::remove_pointer_t<decltype(std::declval<C &>().data())>,
              class = decltype(std::declval<C &>().size()), class = compatible<U>,
              class = std::enable_if_t<std::is_lvalue_reference_v<C> || std::is_const_v<T>>>
    constexpr span(C &&container) noexcept
        : data_(container.data()), size_(container.size()) {}

    [[nodiscard]] constexpr T *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr T *begin() const noexcept { return data_; }
    [[nodiscard]] constexpr T *end() const noexcept { return data_ + size_; }
    [[nodiscard]] constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }
    [[nodiscard]] constexpr span first(std::size_t n) const noexcept { return {data_, n}; }
    [[nodiscard]] constexpr span subspan(std::size_t at) const noexcept {
        return {data_ + at, size_ - at};
    }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

namespace detail {

template <class T>
inline constexpr bool is_text =
#if defined(__cpp_char8_t)
    std::is_same_v<T, char8_t> ||
#endif
    std::is_same_v<T, char>;

// void is the element of Asio's buffers.
template <class T>
inline constexpr bool is_byte =
    is_text<T> || std::is_same_v<T, unsigned char> || std::is_same_v<T, signed char> ||
    std::is_same_v<T, std::byte> || std::is_void_v<T>;

template <class C>
using element_of = std::remove_pointer_t<decltype(std::declval<C &>().data())>;

// A contiguous container or view of bytes, in which one may write if Writable.
template <class C, bool Writable, class = void> struct is_bytes : std::false_type {};
template <class C, bool Writable>
struct is_bytes<C, Writable, std::void_t<element_of<C>, decltype(std::declval<C &>().size())>>
    : std::bool_constant<is_byte<std::remove_const_t<element_of<C>>> &&
                         !(Writable && std::is_const_v<element_of<C>>)> {};

} // namespace detail

// Bytes to read: a span of const std::byte that converts from text and containers.
class bytes : public span<const std::byte> {
public:
    constexpr bytes() noexcept = default;
    bytes(const void *data, std::size_t size) noexcept
        : span<const std::byte>(static_cast<const std::byte *>(data), size) {}
    // Text up to its NUL, as std::string_view reads it.
    bytes(const char *text) noexcept : bytes(std::string_view(text)) {}
#if defined(__cpp_char8_t)
    bytes(const char8_t *text) noexcept : bytes(std::u8string_view(text)) {}
#endif
    bytes(std::nullptr_t) = delete;
    // Text or memory? Pass {array, length}.
    template <class T, std::size_t N, class = std::enable_if_t<detail::is_text<T>>>
    bytes(T (&array)[N]) = delete;
    template <class T, std::size_t N,
              class = std::enable_if_t<detail::is_byte<T> && !detail::is_text<T>>>
    bytes(const T (&array)[N]) noexcept : bytes(array, N) {}
    template <class C, class = std::enable_if_t<detail::is_bytes<const C, false>::value>>
    bytes(const C &container) noexcept : bytes(container.data(), container.size()) {}

    // The same bytes as text.
    [[nodiscard]] std::string_view text() const noexcept {
        return std::string_view(reinterpret_cast<const char *>(data()), size());
    }
};

// Bytes that a function may change: a span of std::byte that converts from containers.
class buffer : public span<std::byte> {
public:
    constexpr buffer() noexcept = default;
    buffer(void *data, std::size_t size) noexcept
        : span<std::byte>(static_cast<std::byte *>(data), size) {}
    template <class T, std::size_t N, class = std::enable_if_t<detail::is_byte<T>>>
    buffer(T (&array)[N]) noexcept : buffer(array, N) {}
    // A temporary container would be gone before its bytes are used; a view, whose bytes
    // may be changed although it is const, is not.
    template <class C,
              class D = std::conditional_t<std::is_lvalue_reference_v<C>,
                                           std::remove_reference_t<C>, const C>,
              class = std::enable_if_t<detail::is_bytes<D, true>::value &&
                                       !std::is_base_of_v<buffer, D>>>
    buffer(C &&container) noexcept : buffer(container.data(), container.size()) {}
};

// ======== Bytes out ========

// Memory of yours that output is appended to: as a container whose capacity is fixed.
class fixed_output {
public:
    explicit fixed_output(buffer memory) noexcept : memory_(memory) {}

    [[nodiscard]] std::byte *data() const noexcept { return memory_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return memory_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { size_ = 0; }
    // At most to the capacity.
    void resize(std::size_t size) noexcept {
        size_ = size < capacity() ? size : capacity();
    }

private:
    buffer memory_;
    std::size_t size_ = 0;
};

// Where a function appends its output: a reference to a std::string, a
// std::vector<unsigned char>, a fixed_output, or any container of bytes with data(),
// size() and resize(). The container must not contain the payload to be sent. A
// container that cannot grow leads to errc::buffer_too_small, and nothing is written;
// its exceptions are caught.
class output {
public:
    template <class C,
              class = std::enable_if_t<!std::is_const_v<C> && detail::is_bytes<C, true>::value>,
              class = decltype(std::declval<C &>().resize(std::size_t()))>
    output(C &container) noexcept
        : container_(&container), grow_(&grow<C>), shrink_(&shrink<C>) {}

    // Returns room for `size` bytes, or less if there is less. Commit it next.
    [[nodiscard]] buffer prepare(std::size_t size) const noexcept {
        return grow_(container_, size);
    }
    // Keeps `used` of the bytes that were prepared.
    void commit(const buffer &prepared, std::size_t used) const noexcept {
        shrink_(container_, prepared.size() - used);
    }

private:
    template <class C> static buffer grow(void *container, std::size_t size) noexcept {
        C &c = *static_cast<C *>(container);
        const std::size_t before = c.size();
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
        try {
            c.resize(before + size);
        } catch (...) {
            return buffer();
        }
#else
        c.resize(before + size);
#endif
        return buffer(c.data() + before, c.size() - before);
    }
    template <class C> static void shrink(void *container, std::size_t by) noexcept {
        C &c = *static_cast<C *>(container);
        c.resize(c.size() - by);
    }

    void *container_;
    buffer (*grow_)(void *, std::size_t) noexcept;
    void (*shrink_)(void *, std::size_t) noexcept;
};

namespace detail {

// Appends what a C function, whose last arguments are a buffer and its length, writes into
// at most `room` bytes.
template <class Function, class... Arguments>
[[nodiscard]] ws_result append(const output &out, std::size_t room, Function function,
                               Arguments... arguments) noexcept {
    const buffer to = out.prepare(room);
    const ws_result n = function(arguments..., to.data(), to.size());
    out.commit(to, n > 0 ? static_cast<std::size_t>(n) : 0);
    return n;
}
template <class... Call>
[[nodiscard]] std::error_code try_append(const output &out, std::size_t room,
                                         Call... call) noexcept {
    return error_of(append(out, room, call...));
}

[[nodiscard]] inline ws_bytes c_bytes(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

[[nodiscard]] inline std::string_view view(const char *base, ws_span range) noexcept {
    if (range.off == 0 && range.len == 0)
        return std::string_view();
    return std::string_view(base + range.off, range.len);
}

} // namespace detail

// Text of at most N characters.
template <std::size_t N> class short_text {
public:
    [[nodiscard]] std::string_view view() const & noexcept {
        return std::string_view(text_, size_);
    }
    [[nodiscard]] operator std::string_view() const & noexcept { return view(); }
    // The view of a temporary would outlive the text.
    std::string_view view() const && = delete;
    operator std::string_view() const && = delete;

    // Filled by a C function, whose last arguments are a buffer and its length.
    template <class Function, class... Arguments>
    [[nodiscard]] static result<short_text> of(Function function,
                                               Arguments... arguments) noexcept {
        short_text text;
        const ws_result n = function(arguments..., text.text_, N);
        if (n < 0)
            return detail::error_of(n);
        text.size_ = static_cast<std::size_t>(n);
        return text;
    }

private:
    char text_[N] = {};
    std::size_t size_ = 0;
};

// ======== Protocol terms ========

enum class side : std::uint32_t { server = WS_SERVER, client = WS_CLIENT };

enum class opcode : std::uint8_t {
    continuation = WS_OPCODE_CONTINUATION,
    text = WS_OPCODE_TEXT,
    binary = WS_OPCODE_BINARY,
    close = WS_OPCODE_CLOSE,
    ping = WS_OPCODE_PING,
    pong = WS_OPCODE_PONG,
};

// For codes of your own: ws::close_code{4000}.
enum class close_code : std::uint16_t {
    none = 0, // no close frame
    normal = WS_CLOSE_NORMAL,
    going_away = WS_CLOSE_GOING_AWAY,
    protocol_error = WS_CLOSE_PROTOCOL_ERROR,
    unsupported_data = WS_CLOSE_UNSUPPORTED_DATA,
    no_status = WS_CLOSE_NO_STATUS,
    abnormal = WS_CLOSE_ABNORMAL,
    invalid_data = WS_CLOSE_INVALID_DATA,
    policy = WS_CLOSE_POLICY,
    too_big = WS_CLOSE_TOO_BIG,
    extension = WS_CLOSE_EXTENSION,
    internal_error = WS_CLOSE_INTERNAL_ERROR,
    service_restart = WS_CLOSE_SERVICE_RESTART,
    try_again_later = WS_CLOSE_TRY_AGAIN_LATER,
    bad_gateway = WS_CLOSE_BAD_GATEWAY,
};

enum class state : int {
    open = WS_STATE_OPEN,
    closing = WS_STATE_CLOSING,
    closed = WS_STATE_CLOSED,
    failed = WS_STATE_FAILED,
};

inline constexpr std::size_t max_head = WS_MAX_HEAD;       // bytes of an HTTP head
inline constexpr std::size_t max_control = WS_MAX_CONTROL; // payload of a control frame
inline constexpr std::size_t max_output = WS_MAX_OUTPUT;   // a pong and a close frame
inline constexpr std::size_t max_reply = WS_MAX_REPLY;     // see ws_conn_accept()

// 4 unpredictable bytes.
struct mask_key {
    unsigned char bytes[4];
};

// The close code that reports an error to the peer (ws_close_code_for).
[[nodiscard]] inline close_code close_code_for(const std::error_code &error) noexcept {
    return static_cast<close_code>(ws_close_code_for(detail::result_of(error)));
}

// The HTTP status that rejects a request (ws_http_status).
[[nodiscard]] inline std::uint16_t http_status(const std::error_code &error) noexcept {
    return ws_http_status(detail::result_of(error));
}

// Whether the code may appear in a close frame (ws_close_code_valid).
[[nodiscard]] inline bool is_valid(close_code code) noexcept {
    return ws_close_code_valid(static_cast<std::uint16_t>(code)) == 1;
}

// ======== Ranges ========

namespace detail {

// The iterator of a range that has next() and current(). Like that of an input stream:
// begin() fetches the next element, so a second loop continues after the first.
template <class Range, class Value> class cursor {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = const Value *;
    using reference = const Value &;
    struct end {};

    cursor() noexcept = default;
    explicit cursor(Range *range) noexcept : range_(range->next() ? range : nullptr) {}

    [[nodiscard]] reference operator*() const noexcept { return range_->current(); }
    [[nodiscard]] pointer operator->() const noexcept { return &range_->current(); }
    cursor &operator++() noexcept {
        if (!range_->next())
            range_ = nullptr;
        return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(const cursor &at, end) noexcept { return at.range_ == nullptr; }
    friend bool operator!=(const cursor &at, end) noexcept { return at.range_ != nullptr; }
#if !defined(__cpp_impl_three_way_comparison)
    friend bool operator==(end, const cursor &at) noexcept { return at.range_ == nullptr; }
    friend bool operator!=(end, const cursor &at) noexcept { return at.range_ != nullptr; }
#endif

private:
    Range *range_ = nullptr;
};

} // namespace detail

// ======== Opening handshake: heads ========

// Finds the end of a head that arrives in many reads, in linear time (ws_head_length).
class head_scanner {
public:
    // `input` starts with the bytes of the last call. Returns the length of the head, or
    // errc::need_more.
    [[nodiscard]] result<std::size_t> scan(std::string_view input) noexcept {
        return detail::length_of(ws_head_length(input.data(), input.size(), &scanned_));
    }

private:
    std::size_t scanned_ = 0;
};

struct field {
    std::string_view name, value;
};

// A range over the header fields of a complete head (ws_next_header):
//
//   for (auto [name, value] : ws::fields(head, error))
class [[nodiscard]] fields {
public:
    using iterator = detail::cursor<fields, field>;

    fields(std::string_view head, std::error_code &error) noexcept
        : head_(head), error_(&error) {
        error.clear();
    }
    [[nodiscard]] iterator begin() noexcept { return iterator(this); }
    [[nodiscard]] iterator::end end() const noexcept { return {}; }

private:
    friend iterator;
    [[nodiscard]] bool next() noexcept {
        ws_span name, value;
        const ws_result n = ws_next_header(head_.data(), head_.size(), &at_, &name, &value);
        if (n < 0)
            *error_ = detail::error_of(n);
        if (n != 1)
            return false;
        // A value is present, even if it is empty.
        current_ = {std::string_view(head_.data() + name.off, name.len),
                    std::string_view(head_.data() + value.off, value.len)};
        return true;
    }
    [[nodiscard]] const field &current() const noexcept { return current_; }

    std::string_view head_;
    std::error_code *error_;
    std::size_t at_ = 0;
    field current_;
};

// The first field called `name`, in any case (ws_find_header).
[[nodiscard]] inline std::optional<std::string_view>
find_field(std::string_view head, std::string_view name, std::error_code &error) noexcept {
    ws_span value;
    const ws_result n =
        ws_find_header(head.data(), head.size(), name.data(), name.size(), &value);
    error = detail::error_of(n);
    if (n != 1)
        return std::nullopt;
    return std::string_view(head.data() + value.off, value.len);
}

// A client's opening request. The views are parts of the input; absent: data() is null.
struct request {
    std::string_view method, target, host, origin, key;
    std::size_t head_length = 0; // the first frames start there
    unsigned http_version = 0;   // 11 is HTTP/1.1
};

// Server: parses a request (ws_parse_handshake). Returns errc::need_more while its head
// is incomplete. After errc::not_upgrade `parsed` is an ordinary HTTP request.
[[nodiscard]] inline std::error_code parse_request(std::string_view input,
                                                   request &parsed) noexcept {
    const char *base = input.data();
    ws_handshake hs;
    const ws_result n = ws_parse_handshake(base, input.size(), &hs, sizeof hs);
    parsed = request();
    if (n == 0)
        return errc::need_more;
    if (n > 0 || n == WS_ERR_NOT_UPGRADE) {
        parsed.method = detail::view(base, hs.method);
        parsed.target = detail::view(base, hs.target);
        parsed.host = detail::view(base, hs.host);
        parsed.origin = detail::view(base, hs.origin);
        parsed.key = detail::view(base, hs.key);
        parsed.head_length = hs.head_len;
        parsed.http_version = hs.http_version;
    }
    return detail::error_of(n);
}

// A server's response. The views are parts of the input; absent: data() is null.
struct response {
    std::string_view protocol, extensions, reason;
    std::size_t head_length = 0; // the first frames start there
    unsigned status = 0, http_version = 0;
};

namespace detail {

[[nodiscard]] inline response response_of(std::string_view input,
                                          const ws_response &raw) noexcept {
    response parsed;
    parsed.protocol = view(input.data(), raw.protocol);
    parsed.extensions = view(input.data(), raw.extensions);
    parsed.reason = view(input.data(), raw.reason);
    parsed.head_length = raw.head_len;
    parsed.status = raw.status;
    parsed.http_version = raw.http_version;
    return parsed;
}

} // namespace detail

// Client: parses and checks the response to `request_head` (ws_parse_response). Returns
// errc::need_more while its head is incomplete. errc::handshake_status fills `parsed`.
[[nodiscard]] inline std::error_code parse_response(std::string_view input,
                                                    std::string_view request_head,
                                                    response &parsed) noexcept {
    ws_response raw;
    const ws_result n = ws_parse_response(input.data(), input.size(), request_head.data(),
                                          request_head.size(), &raw, sizeof raw);
    parsed = detail::response_of(input, raw);
    if (n == 0)
        return errc::need_more;
    return detail::error_of(n);
}

// ======== Opening handshake: fields that an HTTP library has parsed ========

// Absent: a default view. Present but empty: "". A repeated field is joined with commas.
struct request_fields {
    std::string_view method, host, upgrade, connection, key, version, origin, extensions;
    std::string_view content_length, transfer_encoding, connect_protocol;
    std::string_view origins;    // those that you allow; absent: any
    unsigned http_version = 11; // 10, 11, 20 or 30
};

// Server: checks a request (ws_check_request).
[[nodiscard]] inline std::error_code check_request(const request_fields &fields) noexcept {
    ws_request_fields raw = {};
    raw.method = detail::c_bytes(fields.method);
    raw.host = detail::c_bytes(fields.host);
    raw.upgrade = detail::c_bytes(fields.upgrade);
    raw.connection = detail::c_bytes(fields.connection);
    raw.key = detail::c_bytes(fields.key);
    raw.version = detail::c_bytes(fields.version);
    raw.origin = detail::c_bytes(fields.origin);
    raw.extensions = detail::c_bytes(fields.extensions);
    raw.content_length = detail::c_bytes(fields.content_length);
    raw.transfer_encoding = detail::c_bytes(fields.transfer_encoding);
    raw.connect_protocol = detail::c_bytes(fields.connect_protocol);
    raw.origins = detail::c_bytes(fields.origins);
    raw.http_version = fields.http_version;
    return detail::error_of(ws_check_request(&raw, sizeof raw));
}

// A response, and what was sent.
struct response_fields {
    std::string_view upgrade, connection, accept, protocol, extensions;
    std::string_view key, offered_protocols, offered_extensions;
    unsigned http_version = 11; // 10, 11, 20 or 30
    std::uint16_t status = 0;
};

// Client: checks a response (ws_check_response).
[[nodiscard]] inline std::error_code check_response(const response_fields &fields) noexcept {
    ws_response_fields raw = {};
    raw.upgrade = detail::c_bytes(fields.upgrade);
    raw.connection = detail::c_bytes(fields.connection);
    raw.accept = detail::c_bytes(fields.accept);
    raw.protocol = detail::c_bytes(fields.protocol);
    raw.extensions = detail::c_bytes(fields.extensions);
    raw.key = detail::c_bytes(fields.key);
    raw.offered_protocols = detail::c_bytes(fields.offered_protocols);
    raw.offered_extensions = detail::c_bytes(fields.offered_extensions);
    raw.http_version = fields.http_version;
    raw.status = fields.status;
    return detail::error_of(ws_check_response(&raw, sizeof raw));
}

// ======== Opening handshake: values and responses ========

using key_text = short_text<WS_KEY_LEN>;
using accept_text = short_text<WS_ACCEPT_LEN>;

// Sec-WebSocket-Accept for a key (ws_accept_key).
[[nodiscard]] inline result<accept_text> accept_key(std::string_view key) noexcept {
    return accept_text::of(ws_accept_key, key.data(), key.size());
}

// Client: a new random Sec-WebSocket-Key (ws_make_key).
[[nodiscard]] inline result<key_text> make_key() noexcept {
    return key_text::of(ws_make_key);
}

namespace detail {

template <class Select>
[[nodiscard]] result<std::string_view>
select(Select function, std::string_view from, std::string_view supported) noexcept {
    ws_span chosen;
    const ws_result n =
        function(from.data(), from.size(), supported.data(), supported.size(), &chosen);
    if (n < 0)
        return error_of(n);
    return supported.substr(chosen.off, chosen.len);
}

} // namespace detail

// Server: the first of `supported` ("chat, superchat") that the head offers; empty if
// none is (ws_select_protocol).
[[nodiscard]] inline result<std::string_view>
select_protocol(std::string_view head, std::string_view supported) noexcept {
    return detail::select(ws_select_protocol, head, supported);
}
// The same from the value of Sec-WebSocket-Protocol (ws_select_protocol_value).
[[nodiscard]] inline result<std::string_view>
select_protocol_value(std::string_view offered, std::string_view supported) noexcept {
    return detail::select(ws_select_protocol_value, offered, supported);
}

// Whether a browser's Origin is in a list such as "https://a.example https://b.example"
// (ws_origin_allowed).
[[nodiscard]] inline bool origin_allowed(std::string_view origin,
                                         std::string_view allowed) noexcept {
    return ws_origin_allowed(origin.data(), origin.size(), allowed.data(), allowed.size()) ==
           1;
}

struct response_spec {
    std::string_view key; // of the request
    std::string_view protocol, extensions;
    std::string_view headers; // complete "Name: value\r\n" lines
};

// Server: writes a 101 (ws_build_response).
[[nodiscard]] inline std::error_code build_response(const response_spec &spec,
                                                    output out) noexcept {
    ws_response_spec raw = {};
    raw.key = detail::c_bytes(spec.key);
    raw.protocol = detail::c_bytes(spec.protocol);
    raw.extensions = detail::c_bytes(spec.extensions);
    raw.headers = detail::c_bytes(spec.headers);
    // WS_MAX_REPLY bounds what a head has besides its parts.
    const std::size_t room = WS_MAX_REPLY + spec.protocol.size() + spec.extensions.size() +
                             spec.headers.size();
    return detail::try_append(out, room, ws_build_response, &raw, sizeof raw);
}

// Server: writes any other response (ws_build_reply).
[[nodiscard]] inline std::error_code build_reply(std::uint16_t status,
                                                 std::string_view headers,
                                                 std::string_view body,
                                                 output out) noexcept {
    const std::size_t room = WS_MAX_REPLY + headers.size() + body.size();
    return detail::try_append(out, room, ws_build_reply, status, headers.data(),
                              headers.size(), body.data(), body.size());
}

struct request_spec {
    std::string_view host, target = "/";
    std::string_view key; // from make_key()
    std::string_view origin, protocols, extensions;
    std::string_view headers; // complete "Name: value\r\n" lines
};

// Client: writes an opening request (ws_build_request). Keep it for confirm().
[[nodiscard]] inline std::error_code build_request(const request_spec &spec,
                                                   output out) noexcept {
    ws_request_spec raw = {};
    raw.host = detail::c_bytes(spec.host);
    raw.target = detail::c_bytes(spec.target);
    raw.key = detail::c_bytes(spec.key);
    raw.origin = detail::c_bytes(spec.origin);
    raw.protocols = detail::c_bytes(spec.protocols);
    raw.extensions = detail::c_bytes(spec.extensions);
    raw.headers = detail::c_bytes(spec.headers);
    const std::size_t room = WS_MAX_REPLY + spec.host.size() + spec.target.size() +
                             spec.origin.size() + spec.protocols.size() +
                             spec.extensions.size() + spec.headers.size();
    return detail::try_append(out, room, ws_build_request, &raw, sizeof raw);
}

// ======== Frames ========

enum class frame_flags : std::uint32_t {
    none = 0,
    fin = WS_FIN,
    rsv1 = WS_RSV1,
    rsv2 = WS_RSV2,
    rsv3 = WS_RSV3,
    masked = WS_MASKED,
    begin = WS_BEGIN,
    end = WS_END,
};
template <> struct detail::is_flags<frame_flags> : std::true_type {};

// How to decode, besides the side.
enum class decode_flags : std::uint32_t {
    none = 0,
    deflate = WS_DEFLATE,
    any_mask = WS_ANY_MASK,
    keep_masked = WS_KEEP_MASKED,
    any_rsv = WS_ANY_RSV,
};
template <> struct detail::is_flags<decode_flags> : std::true_type {};

// A chunk of a frame, and the frame it belongs to (ws_frame).
class frame {
public:
    frame() noexcept : raw_(), base_(nullptr) {}
    frame(const ws_frame &raw, const void *base) noexcept : raw_(raw), base_(base) {}

    [[nodiscard]] ws::opcode opcode() const noexcept {
        return static_cast<ws::opcode>(raw_.opcode);
    }
    // Also in continuations: text or binary.
    [[nodiscard]] ws::opcode message_opcode() const noexcept {
        return static_cast<ws::opcode>(raw_.message_opcode);
    }
    [[nodiscard]] frame_flags flags() const noexcept {
        return static_cast<frame_flags>(raw_.flags);
    }
    // The last frame of its message.
    [[nodiscard]] bool fin() const noexcept { return has(flags(), frame_flags::fin); }
    // The first and the last chunk of its frame.
    [[nodiscard]] bool begin() const noexcept { return has(flags(), frame_flags::begin); }
    [[nodiscard]] bool end() const noexcept { return has(flags(), frame_flags::end); }
    // The bytes of this chunk.
    [[nodiscard]] bytes data() const noexcept {
        return bytes(static_cast<const char *>(base_) + raw_.chunk_off,
                     static_cast<std::size_t>(raw_.chunk_len));
    }
    // All of ws_frame, and the buffer that its positions refer to.
    [[nodiscard]] const ws_frame &raw() const noexcept { return raw_; }
    [[nodiscard]] const void *base() const noexcept { return base_; }

private:
    ws_frame raw_;
    const void *base_;
};

// Decodes the frame at the start of `input` and unmasks it there (ws_frame_decode).
// Returns its length, or errc::need_more.
[[nodiscard]] inline result<std::size_t>
frame_decode(buffer input, side self, decode_flags flags, frame &decoded) noexcept {
    ws_frame raw;
    const std::uint32_t bits =
        static_cast<std::uint32_t>(self) | static_cast<std::uint32_t>(flags);
    const ws_result n = ws_frame_decode(input.data(), input.size(), bits, &raw);
    decoded = frame(raw, input.data());
    return detail::length_of(n);
}

// The length of a frame with its header (ws_frame_size).
[[nodiscard]] inline std::uint64_t frame_size(std::uint64_t payload_length,
                                              bool masked) noexcept {
    return ws_frame_size(payload_length, masked ? 1 : 0);
}

// Writes a frame (ws_frame_encode). A client passes a key, a server does not.
[[nodiscard]] inline std::error_code
frame_encode(opcode code, bytes payload, output out,
             std::optional<mask_key> key = std::nullopt,
             frame_flags flags = frame_flags::fin) noexcept {
    const std::size_t room = payload.size() + WS_MAX_HEADER;
    return detail::try_append(out, room, ws_frame_encode, static_cast<int>(code),
                              static_cast<std::uint32_t>(flags),
                              key ? key->bytes : nullptr, payload.data(), payload.size());
}

// Writes the header of a frame, whose payload you send yourself (ws_frame_header).
[[nodiscard]] inline std::error_code
frame_header(opcode code, std::uint64_t payload_length, output out,
             std::optional<mask_key> key = std::nullopt,
             frame_flags flags = frame_flags::fin) noexcept {
    return detail::try_append(out, WS_MAX_HEADER, ws_frame_header, static_cast<int>(code),
                              static_cast<std::uint32_t>(flags),
                              key ? key->bytes : nullptr, payload_length);
}

// Writes many frames (ws_frames_encode). Returns how many were written.
[[nodiscard]] inline result<std::size_t> frames_encode(span<const ws_out_frame> frames,
                                                       output out) noexcept {
    std::size_t room = 0, written = 0;
    for (const ws_out_frame &one : frames)
        room += one.payload_len + WS_MAX_HEADER;
    const buffer to = out.prepare(room);
    const ws_result n =
        ws_frames_encode(frames.data(), frames.size(), to.data(), to.size(), &written);
    out.commit(to, n > 0 ? written : 0);
    return detail::count_of(n);
}

// Masks or unmasks in place. `at` is the position in the frame's payload (ws_mask).
inline void mask(buffer data, const mask_key &key, std::uint64_t at = 0) noexcept {
    ws_mask(data.data(), data.size(), key.bytes, at);
}

// Masks or unmasks into `to`, which has the same length (ws_mask_copy).
[[nodiscard]] inline std::error_code mask_copy(buffer to, bytes from, const mask_key &key,
                                               std::uint64_t at = 0) noexcept {
    if (to.size() < from.size())
        return errc::buffer_too_small;
    ws_mask_copy(to.data(), from.data(), from.size(), key.bytes, at);
    return std::error_code();
}

// ======== Decoder ========

// How many entries were filled, and how many bytes of input were consumed.
struct batch {
    std::size_t count, consumed;
};

// A range over the chunks of frames in one read: see decoder::read().
class [[nodiscard]] frames {
public:
    using iterator = detail::cursor<frames, frame>;

    frames(ws_decoder &decoder, buffer input, std::error_code &error) noexcept
        : decoder_(&decoder), rest_(input), error_(&error) {
        error.clear();
    }
    frames(frames &&other) noexcept
        : decoder_(std::exchange(other.decoder_, nullptr)), rest_(other.rest_),
          error_(other.error_), at_(other.at_), count_(other.count_) {
        for (std::size_t i = at_; i < count_; i++)
            raw_[i] = other.raw_[i];
        base_ = other.base_;
        other.at_ = other.count_ = 0;
    }
    frames &operator=(frames &&) = delete;
    ~frames() {
        while (decoder_ != nullptr)
            feed();
    }

    [[nodiscard]] iterator begin() noexcept { return iterator(this); }
    [[nodiscard]] iterator::end end() const noexcept { return {}; }

private:
    friend iterator;
    [[nodiscard]] bool next() noexcept {
        while (at_ == count_) {
            if (decoder_ == nullptr)
                return false;
            feed();
        }
        current_ = frame(raw_[at_++], base_);
        return true;
    }
    [[nodiscard]] const frame &current() const noexcept { return current_; }
    void feed() noexcept {
        std::size_t used = 0;
        const ws_result n =
            ws_decoder_feed(decoder_, rest_.data(), rest_.size(), raw_, room, &used);
        at_ = 0;
        count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
        base_ = rest_.data();
        rest_ = rest_.subspan(used);
        if (n < 0)
            *error_ = detail::error_of(n);
        if (n < 0 || rest_.empty())
            decoder_ = nullptr;
    }

    static constexpr std::size_t room = 16;
    ws_decoder *decoder_; // null once all input was consumed, or after an error
    buffer rest_;
    std::error_code *error_;
    std::size_t at_ = 0, count_ = 0;
    const void *base_ = nullptr;
    frame current_;
    ws_frame raw_[room];
};

// Decodes many frames per call, however the input is split. A value of 64 bytes.
class decoder {
public:
    // For a server, without a limit.
    decoder() noexcept : raw_() {}
    // With a limit for the payload of a frame, or 0 (ws_decoder_init).
    explicit decoder(side self, decode_flags flags = decode_flags::none,
                     std::uint64_t max_payload = 0) noexcept
        : raw_() {
        ws_decoder_init(&raw_,
                        static_cast<std::uint32_t>(self) | static_cast<std::uint32_t>(flags),
                        max_payload);
    }

    // A range over the chunks in `input`; the rules of connection::read() apply. The
    // decoder must not be moved meanwhile.
    [[nodiscard]] frames read(buffer input, std::error_code &error) & noexcept {
        return frames(raw_, input, error);
    }
    // The call as it is in C (ws_decoder_feed).
    [[nodiscard]] result<batch> feed(buffer input, span<ws_frame> entries) noexcept {
        batch filled = {};
        const ws_result n = ws_decoder_feed(&raw_, input.data(), input.size(), entries.data(),
                                            entries.size(), &filled.consumed);
        if (n < 0)
            return detail::error_of(n);
        filled.count = static_cast<std::size_t>(n);
        return filled;
    }
    // Whether the stream may end here (ws_decoder_finish).
    [[nodiscard]] std::error_code finish() const noexcept {
        return detail::error_of(ws_decoder_finish(&raw_));
    }

private:
    ws_decoder raw_;
};

// ======== UTF-8 and close payloads ========

// Validates UTF-8 that arrives in parts (ws_utf8_validate).
class utf8_validator {
public:
    [[nodiscard]] std::error_code feed(bytes part) noexcept {
        return detail::error_of(ws_utf8_validate(&state_, part.data(), part.size()));
    }
    // Whether the text so far ends on a character boundary.
    [[nodiscard]] bool complete() const noexcept { return state_ == 0; }

private:
    std::uint32_t state_ = 0;
};

// Validates a whole text.
[[nodiscard]] inline std::error_code utf8_validate(bytes text) noexcept {
    utf8_validator validator;
    const std::error_code error = validator.feed(text);
    return error || validator.complete() ? error : make_error_code(errc::utf8);
}

struct close_payload {
    close_code code = close_code::none;
    std::string_view reason;
};

// Reads the unmasked payload of a close frame (ws_close_parse).
[[nodiscard]] inline result<close_payload> close_parse(bytes payload) noexcept {
    std::uint16_t code;
    const ws_result n = ws_close_parse(payload.data(), payload.size(), &code);
    if (n < 0)
        return detail::error_of(n);
    const std::size_t length = static_cast<std::size_t>(n);
    return close_payload{static_cast<close_code>(code),
                         payload.text().substr(payload.size() - length)};
}

// Writes the payload of a close frame (ws_close_build).
[[nodiscard]] inline std::error_code close_build(close_code code, std::string_view reason,
                                                 output out) noexcept {
    return detail::try_append(out, WS_MAX_CONTROL, ws_close_build,
                              static_cast<std::uint16_t>(code), reason.data(),
                              reason.size());
}

// ======== Control frames ========

// Replies to pings and to the peer's close for users of the decoder. A value.
class control {
public:
    // Writes the reply to a frame, if there is one (ws_control_feed). Pass every frame.
    // A client passes a new key with each.
    [[nodiscard]] std::error_code
    feed(const frame &received, output out,
         std::optional<mask_key> key = std::nullopt) noexcept {
        return detail::try_append(out, max_output, ws_control_feed, &raw_,
                                  &received.raw(), received.base(),
                                  key ? key->bytes : nullptr);
    }
    // Writes a close frame, unless one was written (ws_control_close).
    [[nodiscard]] std::error_code
    close(ws::close_code code, std::string_view reason, output out,
          std::optional<mask_key> key = std::nullopt) noexcept {
        return detail::try_append(out, max_output, ws_control_close, &raw_,
                                  static_cast<std::uint16_t>(code), reason.data(),
                                  reason.size(), key ? key->bytes : nullptr);
    }
    // The code and the reason of the close frame received (ws_control_close_code,
    // ws_control_reason).
    [[nodiscard]] ws::close_code close_code() const noexcept {
        return static_cast<ws::close_code>(ws_control_close_code(&raw_));
    }
    [[nodiscard]] result<short_text<WS_MAX_CONTROL>> reason() const noexcept {
        return short_text<WS_MAX_CONTROL>::of(ws_control_reason, &raw_);
    }

private:
    ws_control raw_ = {};
};

// ======== Memory ========

// An allocator that uses a std::pmr::memory_resource, or a class with the same
// allocate() and deallocate(). An exception of theirs is caught. `resource` must
// outlive what is created with it.
template <class Resource>
[[nodiscard]] ws_allocator allocator_from(Resource &resource) noexcept {
    ws_allocator allocator = {};
    allocator.alloc = [](void *user, std::size_t size, std::size_t align) noexcept -> void * {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
        try {
            return static_cast<Resource *>(user)->allocate(size, align);
        } catch (...) {
            return nullptr;
        }
#else
        return static_cast<Resource *>(user)->allocate(size, align);
#endif
    };
    allocator.free = [](void *user, void *memory, std::size_t size,
                        std::size_t align) noexcept {
        static_cast<Resource *>(user)->deallocate(memory, size, align);
    };
    allocator.user = &resource;
    return allocator;
}

// Memory of yours for one connection, instead of an allocation.
struct alignas(16) connection_memory {
    std::byte memory[WS_MAX_CONN];
};

// ======== Compression ========

using pmd_params = ws_pmd_params;

enum class send_flags : std::uint32_t {
    none = 0,
    more = WS_SEND_MORE,   // more fragments of this message follow
    plain = WS_SEND_PLAIN, // do not compress
    rsv1 = WS_RSV1,        // for an extension: see WS_OPT_ALLOW_RSV
    rsv2 = WS_RSV2,
    rsv3 = WS_RSV3,
};
template <> struct detail::is_flags<send_flags> : std::true_type {};

// permessage-deflate without a connection (RFC 7692). Move-only.
class pmd {
public:
    // Server: accepts an offer of the head, writes the value for
    // response_spec::extensions, and sets `params` to what was agreed (ws_pmd_accept).
    // Returns whether compression is on.
    [[nodiscard]] static result<bool> accept(std::string_view head, pmd_params &params,
                                             output out) noexcept {
        return flag(out, ws_pmd_accept, head.data(), head.size(), &params);
    }
    // The same from the value of Sec-WebSocket-Extensions (ws_pmd_accept_value).
    [[nodiscard]] static result<bool> accept_value(std::string_view offers,
                                                   pmd_params &params,
                                                   output out) noexcept {
        return flag(out, ws_pmd_accept_value, offers.data(), offers.size(), &params);
    }
    // Client: writes an offer for request_spec::extensions (ws_pmd_offer).
    [[nodiscard]] static std::error_code offer(const pmd_params &params,
                                               output out) noexcept {
        return flag(out, ws_pmd_offer, &params).error();
    }
    // Client: sets `params` to what was agreed; whether compression is on
    // (ws_pmd_confirm, ws_pmd_confirm_value).
    [[nodiscard]] static result<bool> confirm(std::string_view head,
                                              pmd_params &params) noexcept {
        return detail::flag_of(ws_pmd_confirm(head.data(), head.size(), &params));
    }
    [[nodiscard]] static result<bool> confirm_value(std::string_view response,
                                                    pmd_params &params) noexcept {
        return detail::flag_of(
            ws_pmd_confirm_value(response.data(), response.size(), &params));
    }

    pmd() noexcept = default;
    // Test it: false if out of memory or if an argument is invalid (ws_pmd_new).
    explicit pmd(side self, const pmd_params &params,
                 const ws_allocator *allocator = nullptr) noexcept
        : raw_(ws_pmd_new(static_cast<std::uint32_t>(self), &params, allocator)) {}
    pmd(pmd &&other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    pmd &operator=(pmd &&other) noexcept {
        ws_pmd_free(std::exchange(raw_, std::exchange(other.raw_, nullptr)));
        return *this;
    }
    ~pmd() { ws_pmd_free(raw_); }
    [[nodiscard]] explicit operator bool() const noexcept { return raw_ != nullptr; }

    // Compresses a message or a fragment into the payload of one frame (ws_pmd_compress).
    [[nodiscard]] std::error_code compress(bytes data, output out,
                                           send_flags flags = send_flags::none) noexcept {
        const std::size_t room = ws_pmd_compress_bound(raw_, data.size());
        return detail::try_append(out, room, ws_pmd_compress, raw_,
                                  static_cast<std::uint32_t>(flags), data.data(),
                                  data.size());
    }
    // One step (ws_pmd_decompress): call it with the rest until `count`, the number of
    // bytes written, is 0.
    [[nodiscard]] result<batch> decompress(bytes data, buffer out,
                                           send_flags flags = send_flags::none) noexcept {
        batch step = {};
        const ws_result n =
            ws_pmd_decompress(raw_, static_cast<std::uint32_t>(flags), data.data(),
                              data.size(), &step.consumed, out.data(), out.size());
        if (n < 0)
            return detail::error_of(n);
        step.count = static_cast<std::size_t>(n);
        return step;
    }
    [[nodiscard]] ws_pmd *handle() const noexcept { return raw_; }

private:
    // An offer and its reply are shorter than any head.
    template <class... Call>
    [[nodiscard]] static result<bool> flag(const output &out, Call... call) noexcept {
        const ws_result n = detail::append(out, WS_MAX_REPLY, call...);
        if (n < 0)
            return detail::error_of(n);
        return n > 0;
    }

    ws_pmd *raw_ = nullptr;
};

// ======== Connection ========

// A whole message, a chunk of one (with option::stream), or a control frame.
class event {
public:
    event() noexcept : raw_(), data_(nullptr) {}
    event(const ws_event &raw, const void *data) noexcept : raw_(raw), data_(data) {}

    [[nodiscard]] ws::opcode opcode() const noexcept {
        return static_cast<ws::opcode>(raw_.opcode);
    }
    [[nodiscard]] bool is_text() const noexcept { return raw_.opcode == WS_OPCODE_TEXT; }
    [[nodiscard]] bool is_binary() const noexcept {
        return raw_.opcode == WS_OPCODE_BINARY;
    }
    [[nodiscard]] bool is_message() const noexcept { return is_text() || is_binary(); }
    [[nodiscard]] bool is_close() const noexcept { return raw_.opcode == WS_OPCODE_CLOSE; }
    // The payload; of a close, its reason. Valid until the range moves on or ends: copy
    // what you keep.
    [[nodiscard]] bytes data() const noexcept {
        return bytes(data_, static_cast<std::size_t>(raw_.len));
    }
    [[nodiscard]] std::string_view text() const noexcept { return data().text(); }
    // The code of a close; else close_code::none.
    [[nodiscard]] ws::close_code close_code() const noexcept {
        return static_cast<ws::close_code>(raw_.close_code);
    }
    // Whether it starts, and ends, its message. Both, without option::stream.
    [[nodiscard]] bool first() const noexcept { return (raw_.flags & WS_EVENT_FIRST) != 0; }
    [[nodiscard]] bool last() const noexcept { return (raw_.flags & WS_EVENT_LAST) != 0; }
    // All of ws_event: e.g. WS_EVENT_FRAME_END and WS_RSV* in flags.
    [[nodiscard]] const ws_event &raw() const noexcept { return raw_; }

private:
    ws_event raw_;
    const void *data_;
};

// A range over the events of one read: see connection::read().
//
// A loop over events may end early, by break, return or an exception. The bytes after
// that event are part of the stream nevertheless, and a pong or a close frame may be due.
// So the destructor passes the rest of the input to the connection, appends the output,
// and stores the error.
class [[nodiscard]] events {
public:
    using iterator = detail::cursor<events, event>;

    events(ws_conn *conn, buffer input, output out, std::error_code &error) noexcept
        : conn_(conn), rest_(input), out_(out), error_(&error) {
        error = conn != nullptr ? std::error_code() : errc::invalid_argument;
    }
    events(events &&other) noexcept
        : conn_(std::exchange(other.conn_, nullptr)), rest_(other.rest_), out_(other.out_),
          error_(other.error_), more_(other.more_), paused_(other.paused_), at_(other.at_),
          count_(other.count_), base_(other.base_), current_(other.current_) {
        for (std::size_t i = at_; i < count_; i++)
            raw_[i] = other.raw_[i];
        other.at_ = other.count_ = 0;
    }
    events &operator=(events &&) = delete;
    ~events() {
        while (conn_ != nullptr && more_) {
            collect();
            receive();
        }
        if (conn_ != nullptr)
            collect();
    }

    [[nodiscard]] iterator begin() noexcept { return iterator(this); }
    [[nodiscard]] iterator::end end() const noexcept { return {}; }

private:
    friend iterator;
    [[nodiscard]] bool next() noexcept {
        while (at_ == count_)
            if (!advance())
                return false;
        const ws_event &raw = raw_[at_++];
        current_ = event(raw, ws_event_data(conn_, base_, &raw));
        return true;
    }
    [[nodiscard]] const event &current() const noexcept { return current_; }

    // The events of a batch are handled: first the output that they cause, then the next
    // batch. Without room for the output the range ends, and a new loop continues it.
    [[nodiscard]] bool advance() noexcept {
        at_ = count_ = 0;
        if (conn_ == nullptr || !collect())
            return false;
        if (more_)
            receive();
        if (count_ == 0 && !more_ && collect())
            conn_ = nullptr;
        return conn_ != nullptr && (count_ > 0 || more_);
    }

    // Appends a pong or a close frame that is due. It stays due if there is no room.
    bool collect() noexcept {
        if (std::exchange(paused_, false))
            error_->clear();
        if (ws_conn_output(conn_, nullptr, 0) == 0)
            return true;
        const ws_result n = detail::append(out_, max_output, ws_conn_output, conn_);
        paused_ = n < 0 && !*error_;
        if (paused_)
            *error_ = detail::error_of(n);
        return n >= 0;
    }

    void receive() noexcept {
        std::size_t used = 0;
        const ws_result n =
            ws_conn_recv(conn_, rest_.data(), rest_.size(), raw_, room, &used);
        at_ = 0;
        count_ = n > 0 ? static_cast<std::size_t>(n) : 0;
        base_ = rest_.data();
        rest_ = rest_.subspan(used);
        if (n < 0) {
            *error_ = detail::error_of(n);
            paused_ = false;
        }
        // A call without bytes frees the memory of a collected message.
        const bool collected =
            n > 0 && (raw_[n - 1].flags & WS_EVENT_COLLECTED) != 0;
        more_ = n >= 0 && (!rest_.empty() || collected);
    }

    static constexpr std::size_t room = 16;
    ws_conn *conn_; // null once nothing is left to do
    buffer rest_;
    output out_;
    std::error_code *error_;
    bool more_ = true, paused_ = false; // paused: *error_ says that there is no room
    std::size_t at_ = 0, count_ = 0;
    const void *base_ = nullptr;
    event current_;
    ws_event raw_[room];
};

enum class option : int {
    max_message = WS_OPT_MAX_MESSAGE,
    stream = WS_OPT_STREAM,
    auto_pong = WS_OPT_AUTO_PONG,
    check_utf8 = WS_OPT_CHECK_UTF8,
    keep_buffer = WS_OPT_KEEP_BUFFER,
    max_frame = WS_OPT_MAX_FRAME,
    any_mask = WS_OPT_ANY_MASK,
    auto_close = WS_OPT_AUTO_CLOSE,
    allow_rsv = WS_OPT_ALLOW_RSV,
    compress_from = WS_OPT_COMPRESS_FROM,
};

enum class info : int {
    close_sent = WS_INFO_CLOSE_SENT,
    close_received = WS_INFO_CLOSE_RECEIVED,
    closed_by_peer = WS_INFO_CLOSED_BY_PEER,
    sending = WS_INFO_SENDING,
    receiving = WS_INFO_RECEIVING,
    announced = WS_INFO_ANNOUNCED,
    buffered = WS_INFO_BUFFERED,
};

// A connection after its opening handshake. Move-only; 8 bytes here. A moved-from or
// default one is empty: its calls return errc::invalid_argument.
class connection {
public:
    connection() noexcept = default;
    // Test it: false if out of memory, or for an invalid allocator (ws_conn_new).
    explicit connection(side self, const ws_allocator *allocator = nullptr) noexcept
        : raw_(ws_conn_new(static_cast<std::uint32_t>(self), allocator)) {}
    // In memory that must outlive it and not move, and that no other connection uses
    // (ws_conn_init).
    connection(side self, connection_memory &memory,
               const ws_allocator *allocator = nullptr) noexcept
        : raw_(ws_conn_init(memory.memory, sizeof memory.memory,
                            static_cast<std::uint32_t>(self), allocator)) {}
    // Takes ownership of a handle.
    explicit connection(ws_conn *handle) noexcept : raw_(handle) {}
    connection(connection &&other) noexcept : raw_(other.release()) {}
    connection &operator=(connection &&other) noexcept {
        ws_conn_free(std::exchange(raw_, other.release()));
        return *this;
    }
    ~connection() { ws_conn_free(raw_); }
    [[nodiscard]] explicit operator bool() const noexcept { return raw_ != nullptr; }

    // A range over the events in `input`, all bytes of which are consumed:
    //
    //   for (const ws::event &e : conn.read(input, out, error))
    //       if (e.is_message() && conn.send(e.opcode(), e.data(), out)) ...
    //   if (error) ... // the close frame that reports it is in `out`
    //
    // After the events it appends to `out` the pongs and close frames that are due, in
    // the order of the wire. `error` is set when the range ends: by an error of the
    // connection, which is final, or if nothing could be appended, which is not: `out` has
    // no room, or a client no masking key (errc::random).
    //
    // However the loop is left, the stream stays intact: the destructor of the range
    // consumes the input that is left, without reporting its events, and appends the
    // output. To continue later, e.g. once `out` has been sent, keep the range, and loop
    // over it again. Send in the loop, or wait there in a coroutine, as you like; but
    // neither destroy the connection nor start another read(). `input`, `out` and
    // `error` must outlive the range, and `input` must not be resized meanwhile.
    [[nodiscard]] events read(buffer input, ws::output out, std::error_code &error) & noexcept {
        return events(raw_, input, out, error);
    }
    // The call as it is in C (ws_conn_recv). Collect output() after each.
    [[nodiscard]] result<batch> receive(buffer input, span<ws_event> entries) noexcept {
        batch filled = {};
        const ws_result n = ws_conn_recv(raw_, input.data(), input.size(), entries.data(),
                                         entries.size(), &filled.consumed);
        if (n < 0)
            return detail::error_of(n);
        filled.count = static_cast<std::size_t>(n);
        return filled;
    }
    // An entry that receive() filled from `input`, with its data (ws_event_data).
    [[nodiscard]] event event_of(const ws_event &entry, bytes input) const noexcept {
        return event(entry, ws_event_data(raw_, input.data(), &entry));
    }
    // Appends a pong or close frame that is due (ws_conn_output). read() does it.
    [[nodiscard]] std::error_code output(ws::output out) noexcept {
        return detail::try_append(out, max_output, ws_conn_output, raw_);
    }
    // Whether output() would append something.
    [[nodiscard]] bool has_output() const noexcept {
        return ws_conn_output(raw_, nullptr, 0) == WS_ERR_BUFFER_TOO_SMALL;
    }

    // Appends a message or a fragment of one, or a ping or pong (ws_conn_send).
    [[nodiscard]] std::error_code send(opcode code, bytes payload, ws::output out,
                                       send_flags flags = send_flags::none) noexcept {
        const std::size_t room = ws_conn_send_bound(raw_, payload.size());
        return detail::try_append(out, room, ws_conn_send, raw_, static_cast<int>(code),
                                  static_cast<std::uint32_t>(flags), payload.data(),
                                  payload.size());
    }
    // Starts the closing handshake (ws_conn_close). Appends nothing if a close frame was
    // written before.
    [[nodiscard]] std::error_code close(close_code code, std::string_view reason,
                                        ws::output out) noexcept {
        return detail::try_append(out, max_output, ws_conn_close, raw_,
                                  static_cast<std::uint16_t>(code), reason.data(),
                                  reason.size());
    }
    // The peer's stream has ended; errc::eof unless its close has arrived
    // (ws_conn_finish).
    [[nodiscard]] std::error_code finish() noexcept {
        return detail::error_of(ws_conn_finish(raw_));
    }

    // (ws_conn_state)
    [[nodiscard]] ws::state state() const noexcept {
        return static_cast<ws::state>(ws_conn_state(raw_));
    }
    // Closed or failed: send the output, shut down your side, and read until the peer
    // closes (see End in wscodec.h).
    [[nodiscard]] bool ended() const noexcept { return state() >= ws::state::closed; }

    // (ws_conn_set)
    [[nodiscard]] std::error_code set(option which, std::uint64_t value) noexcept {
        return detail::error_of(ws_conn_set(raw_, static_cast<int>(which), value));
    }
    // (ws_conn_get)
    [[nodiscard]] result<std::uint64_t> get(option which) const noexcept {
        return get(static_cast<int>(which));
    }
    [[nodiscard]] result<std::uint64_t> get(info which) const noexcept {
        return get(static_cast<int>(which));
    }
    // Enables compression that was agreed (ws_conn_set_pmd).
    [[nodiscard]] std::error_code set_pmd(const pmd_params &params) noexcept {
        return detail::error_of(ws_conn_set_pmd(raw_, &params));
    }
    // The parameters that were agreed; empty without compression (ws_conn_get_pmd).
    [[nodiscard]] std::optional<pmd_params> agreed_pmd() const noexcept {
        pmd_params params;
        if (ws_conn_get_pmd(raw_, &params) != 1)
            return std::nullopt;
        return params;
    }
    // Client: another source of masking keys (ws_conn_set_random).
    [[nodiscard]] std::error_code set_random(int (*fill)(void *user, void *out,
                                                         std::size_t length),
                                             void *user) noexcept {
        return detail::error_of(ws_conn_set_random(raw_, fill, user));
    }

    // For functions of wscodec.h.
    [[nodiscard]] ws_conn *handle() const noexcept { return raw_; }
    // Gives up the ownership of the handle.
    [[nodiscard]] ws_conn *release() noexcept { return std::exchange(raw_, nullptr); }

private:
    [[nodiscard]] result<std::uint64_t> get(int which) const noexcept {
        std::uint64_t value = 0;
        const ws_result n = ws_conn_get(raw_, which, &value);
        if (n < 0)
            return detail::error_of(n);
        return value;
    }

    ws_conn *raw_ = nullptr;
};

// ======== Accepting and confirming ========

struct accept_spec {
    std::string_view protocols;              // "chat, superchat": most preferred first
    std::string_view headers;                // complete "Name: value\r\n" lines
    const pmd_params *pmd = nullptr;         // what you are willing to use; null: none
    const ws_allocator *allocator = nullptr; // null: the C library's
    std::string_view origins;                // pages that may connect; absent: any
    bool need_protocol = false;              // reject a client that offers none of yours
};

struct accepted {
    connection conn;
    std::size_t head_length = 0; // the first frames start there
    std::string_view protocol;   // a part of accept_spec::protocols, or empty
};

namespace detail {

[[nodiscard]] inline ws_accept_spec c_spec(const accept_spec &spec) noexcept {
    ws_accept_spec raw = {};
    raw.protocols = c_bytes(spec.protocols);
    raw.headers = c_bytes(spec.headers);
    raw.pmd = spec.pmd;
    raw.allocator = spec.allocator;
    raw.origins = c_bytes(spec.origins);
    raw.flags = spec.need_protocol ? WS_ACCEPT_NEED_PROTOCOL : 0;
    return raw;
}

} // namespace detail

// Checks a configuration at the start of a program.
[[nodiscard]] inline std::error_code check(const accept_spec &spec) noexcept {
    const ws_accept_spec raw = detail::c_spec(spec);
    ws_accepted none;
    return detail::error_of(
        ws_conn_accept(nullptr, 0, &raw, sizeof raw, &none, sizeof none, nullptr, 0));
}

// Server: does everything after the arrival of a request (ws_conn_accept). Returns
// errc::need_more while its head is incomplete. If the request is rejected, `out` has the
// response that does so: send it, and close. After errc::invalid_argument, unsupported,
// buffer_too_small and no_memory nothing was appended.
[[nodiscard]] inline result<accepted> accept(std::string_view input,
                                             const accept_spec &spec,
                                             output out) noexcept {
    const ws_accept_spec raw = detail::c_spec(spec);
    const std::size_t room = WS_MAX_REPLY + spec.headers.size() + spec.protocols.size();
    ws_accepted done;
    const ws_result n =
        detail::append(out, room, ws_conn_accept, input.data(), input.size(), &raw,
                       sizeof raw, &done, sizeof done);
    if (n == 0)
        return errc::need_more;
    if (n < 0 || done.conn == nullptr)
        return detail::error_of(n < 0 ? n : done.error);
    return accepted{connection(done.conn), done.head_len,
                    spec.protocols.substr(done.protocol.off, done.protocol.len)};
}

// Client: does everything after build_request() (ws_conn_confirm). `offered` is what was
// passed to pmd::offer(), or null. Returns errc::need_more while the head is incomplete;
// `parsed` as for parse_response().
[[nodiscard]] inline result<connection>
confirm(std::string_view input, std::string_view request_head, response &parsed,
        const pmd_params *offered = nullptr,
        const ws_allocator *allocator = nullptr) noexcept {
    ws_conn *conn = nullptr;
    ws_response raw;
    const ws_result n = ws_conn_confirm(input.data(), input.size(), request_head.data(),
                                        request_head.size(), offered, allocator, &conn, &raw,
                                        sizeof raw);
    parsed = detail::response_of(input, raw);
    if (n == 0)
        return errc::need_more;
    if (n < 0)
        return detail::error_of(n);
    return connection(conn);
}

} // namespace ws

#endif // WSCODEC_HPP
